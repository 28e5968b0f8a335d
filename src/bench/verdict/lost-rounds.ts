import { countedRounds, roundStates } from '../analysis/rounds.js';
import type { RunRecord } from '../record/record-schema.js';
import type { Comparison } from './compare.js';

/** Why two runs prove no difference, though their presets ask for rounds enough; empty when they can prove one. */
export function lostRounds(a: RunRecord, b: RunRecord, { carried, compared, roundsNeeded }: Comparison): string[] {
  if (carried) return [];
  const headline = compared.filter((each) => each.headline);
  const [ofA, ofB] = [countedRounds(a).length, countedRounds(b).length];
  const short = headline.filter((each) => each.a.length < ofA || each.b.length < ofB);
  return [
    `no difference can be told: ${headline.length} comparisons need ${roundsNeeded} rounds a side`,
    ...[a, b].flatMap(uncounted),
    ...short.map(({ metric, ...each }) => `${metric.title}: ${each.a.length} rounds against ${each.b.length}`),
  ];
}

function uncounted(run: RunRecord): string[] {
  const lost = roundStates(run).filter(({ state }) => state === 'void');
  const reasons = lost.map(
    ({ round, reasons }) => `round ${round}: ${reasons.map(({ message }) => message).join(', ')}`,
  );
  const { rounds } = run.preset.values;
  const counted = countedRounds(run).length;
  return counted === rounds ? [] : [`${run.id} has ${counted} of ${rounds} rounds: ${reasons.join('; ')}`];
}
