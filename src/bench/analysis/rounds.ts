import type { RunRecord } from '../record/record-schema.js';
import type { VoidReason } from '../record/rounds-schema.js';
import { PATH_TITLES } from './titles.js';

export interface RoundState {
  round: number;
  state: 'warm-up' | 'counted' | 'void';
  reasons: readonly VoidReason[];
}

export function roundStates({ rounds }: RunRecord): RoundState[] {
  return rounds.map(({ round, void: reasons }) => ({
    round,
    state: round === 0 ? 'warm-up' : reasons.length > 0 ? 'void' : 'counted',
    reasons,
  }));
}

/** Rounds whose samples count, in their order. */
export function countedRounds(record: RunRecord): number[] {
  return roundStates(record).flatMap(({ round, state }) => (state === 'counted' ? [round] : []));
}

/** Why the run as a whole supports no verdict; empty when it does. */
export function voidRun(record: RunRecord): string[] {
  const states = roundStates(record).filter(({ state }) => state !== 'warm-up');
  const counted = states.filter(({ state }) => state === 'counted').length;
  const errors = record.findings.filter(({ severity }) => severity === 'error');
  return [
    ...(record.outcome === 'complete'
      ? []
      : [`the run was ${record.outcome === 'failed' ? 'ended by a failure' : 'interrupted'}`]),
    ...(counted * 2 > states.length ? [] : [`${counted} of ${states.length} rounds count, and more than half must`]),
    ...errors.map(({ message }) => message),
    ...record.network.mtu.filter(({ passed }) => !passed).map(mtuReason),
  ];
}

function mtuReason({ path, from, to, mtu }: RunRecord['network']['mtu'][number]): string {
  return `packets of ${mtu} bytes do not pass ${PATH_TITLES[path]} from ${from} to ${to}: the MTU is larger than the path carries`;
}

/** One figure per counted round: the unit of every comparison. */
export interface RoundValue {
  round: number;
  value: number;
}

/** Samples of each counted round turned into one figure; rounds without samples have none. */
export function perRound<T extends { round: number }>(
  samples: readonly T[],
  rounds: readonly number[],
  figure: (samples: [T, ...T[]]) => number,
): RoundValue[] {
  return rounds.flatMap((round) => {
    const [first, ...rest] = samples.filter((sample) => sample.round === round);
    return first === undefined ? [] : [{ round, value: figure([first, ...rest]) }];
  });
}
