import type { Preset } from '../preset/preset-schema.js';
import type { Round, VoidReason } from '../record/rounds-schema.js';

export interface JudgedRound extends Pick<Round, 'load' | 'eventLoopLagMs' | 'scheduleSlipMs'> {
  limits: Preset['limits'];
  /** What broke the watch of pods. */
  interruptions: readonly string[];
  /** Tools of ours that failed by themselves, and how. */
  broken: readonly string[];
  /** Pods that were not removed in time, and ran on while something else was measured. */
  lingering: readonly string[];
  /** Nodes that are in another boot than at the start, or do not answer, and what they are. */
  lost: ReadonlyMap<string, string>;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Why a round's samples do not count: each reason with its figure and the limit. */
export function voidReasons(round: JudgedRound): VoidReason[] {
  const { limits, eventLoopLagMs: lag, scheduleSlipMs: slip } = round;
  const reasons: VoidReason[] = [];
  const add = (code: string, message: string, node: string | null = null): void =>
    void reasons.push({ code, message, node });
  for (const { node, cpuBusy, foreignPods } of round.load) {
    // Not the load average: for minutes that remembers the round before.
    if (cpuBusy > limits.cpuBusy)
      add(
        'node-busy',
        `${node} was ${percent(cpuBusy)} busy before anything was measured, and the limit is ${percent(limits.cpuBusy)}`,
        node,
      );
    if (foreignPods > limits.foreignPods)
      add('foreign-pods', `${node} ran ${foreignPods} pods of others, and the limit is ${limits.foreignPods}`, node);
  }
  if (lag.p99 > limits.eventLoopLagMs)
    add(
      'event-loop-lag',
      `the operator's event loop was ${lag.p99.toFixed(1)} ms late at p99, and the limit is ${limits.eventLoopLagMs} ms`,
    );
  if (slip.p99 > limits.scheduleSlipMs)
    add(
      'schedule-slip',
      `requests left ${slip.p99.toFixed(1)} ms late at p99, and the limit is ${limits.scheduleSlipMs} ms`,
    );
  for (const message of round.interruptions) add('watch-interrupted', `the watch of pods broke off: ${message}`);
  for (const message of round.broken) add('tool-broke', `a measuring tool broke: ${message}`);
  if (round.lingering.length > 0)
    add('pods-linger', `${round.lingering.length} pods were not removed in time, e.g. ${round.lingering[0]}`);
  for (const [node, message] of round.lost) add('node-rebooted', `${node} ${message}`, node);
  return reasons;
}
