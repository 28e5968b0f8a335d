import type { RunRecord } from '../record/record-schema.js';
import type { Stage } from '../record/terms.js';

/** What happens between two stages, and how long it takes on average. */
export interface StageShare {
  /** The stage it ends with. */
  stage: Stage;
  title: string;
  ms: number;
}

const BETWEEN: Readonly<Partial<Record<Stage, string>>> = {
  accepted: 'API accepts',
  scheduled: 'scheduler binds',
  sandboxReady: 'sandbox and network',
  running: 'containers start',
  ready: 'Ready is reported',
};

/**
 * Mean times between stages of the paced pods that became Ready. Means, because they add up to the mean of the whole;
 * medians do not. Without a sandbox stage its time is part of the containers'.
 */
export function stageBudget({ pods }: RunRecord, rounds: readonly number[]): StageShare[] {
  const stages = pods.stages.filter((stage) => BETWEEN[stage] !== undefined);
  const started = pods.samples.filter(
    ({ load, round, at }) =>
      load === 'paced' && rounds.includes(round) && stages.every((stage) => typeof at[stage] === 'number'),
  );
  if (started.length === 0) return [];
  return stages.map((stage, index) => {
    const before = stages[index - 1];
    const spent = started.map(
      ({ at, intended }) => (at[stage] ?? 0) - (before === undefined ? intended : (at[before] ?? 0)),
    );
    // What the watch tells together may carry one moment; a negative mean would only be noise.
    const mean = Math.max(0, spent.reduce((sum, ms) => sum + ms, 0) / started.length);
    const merged = stage === 'running' && before !== 'sandboxReady';
    return { stage, title: merged ? 'sandbox, network and containers' : (BETWEEN[stage] ?? stage), ms: mean };
  });
}
