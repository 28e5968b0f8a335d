/* The bars of a step: one for each node while they are few. */

/** Above that, one from the first start to the last end, beside those that failed or still run. */
const MOST_LANES = 6;
const LANE_PX = 5;
const SHORTEST_PX = 12;

/** What a step of the cluster as a whole is on. */
export const CLUSTER = 'cluster';

/** @returns bars with the lane that each is in, and the height of all lanes */
export function barsOf(runs, elapsed) {
  const bars = runs.length <= MOST_LANES ? runs.map((run) => barOf(run, elapsed)) : fewBars(runs, elapsed);
  const height = Math.max(SHORTEST_PX, LANE_PX * bars.length);
  return { height, bars: bars.map((bar, lane) => ({ ...bar, top: lane / bars.length, share: 1 / bars.length })) };
}

function fewBars(runs, elapsed) {
  const told = runs.filter(({ outcome }) => ['failed', 'running'].includes(outcome)).slice(0, MOST_LANES - 1);
  const others = runs.filter((run) => !told.includes(run)).map((run) => barOf(run, elapsed));
  const outcomes = ['running', 'failed', 'changed', 'unchanged', 'skipped', 'cancelled'];
  return [
    {
      key: 'others',
      from: Math.min(...others.map(({ from }) => from)),
      to: Math.max(...others.map(({ to }) => to)),
      outcome: outcomes.find((outcome) => others.some((bar) => bar.outcome === outcome)),
    },
    ...told.map((run) => barOf(run, elapsed)),
  ];
}

const barOf = ({ node = CLUSTER, startMs, endMs, outcome }, elapsed) => ({
  key: `node ${node}`,
  from: startMs,
  to: endMs ?? elapsed,
  outcome,
});
