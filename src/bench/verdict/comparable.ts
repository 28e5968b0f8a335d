import { refusal } from '../../errors.js';
import { countedRounds } from '../analysis/rounds.js';
import { drift } from '../record/fingerprint.js';
import type { RunRecord } from '../record/record-schema.js';

const DIFFERENCES_TOLD = 20;

/** What differs between two runs beside what is compared, one line each. */
export function driftLines(a: RunRecord, b: RunRecord): string[] {
  return drift(a.fingerprint, b.fingerprint).map(({ field, ...values }) => `${field}: ${values.a} → ${values.b}`);
}

/** @throws refusal (exit 5) when the runs were not made under equal conditions: only a person knows whether it matters */
export function refuseDrift(a: RunRecord, b: RunRecord): void {
  const lines = driftLines(a, b);
  if (lines.length === 0) return;
  const more = lines.length - DIFFERENCES_TOLD;
  throw refusal({
    code: 'runs-drifted',
    message: `the runs ${a.id} and ${b.id} were made under different conditions`,
    detail: [...lines.slice(0, DIFFERENCES_TOLD), ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'),
    hint: '--allow-drift compares them anyway; the result then includes these differences',
  });
}

/**
 * Around the ring each round measures another pair of nodes; when other rounds are lost on one side than on the other,
 * figures between nodes mix other pairs, and the comparison, which pairs nothing, cannot tell that from a change.
 */
export function pairsDiffer(a: RunRecord, b: RunRecord): string[] {
  const [ofA, ofB] = [roundsOfPairs(a), roundsOfPairs(b)];
  const share = (pairs: Map<string, number>, pair: string): number =>
    (pairs.get(pair) ?? 0) / [...pairs.values()].reduce((sum, rounds) => sum + rounds, 0);
  const pairs = [...new Set([...ofA.keys(), ...ofB.keys()])];
  if (ofA.size === 0 || ofB.size === 0 || pairs.every((pair) => share(ofA, pair) === share(ofB, pair))) return [];
  const told = pairs.map((pair) => `${pair} in ${ofA.get(pair) ?? 0} and ${ofB.get(pair) ?? 0}`);
  return [`figures between nodes mix other pairs: ${told.join(', ')} counted rounds`];
}

/** In how many counted rounds which two nodes were measured. */
function roundsOfPairs(run: RunRecord): Map<string, number> {
  const counted = countedRounds(run);
  const measured = run.network.samples.filter(({ round, from, to }) => from !== to && counted.includes(round));
  const rounds = new Set(measured.map(({ round, from, to }) => `${round} ${[from, to].sort().join('–')}`));
  const pairs = [...rounds].map((each) => each.slice(each.indexOf(' ') + 1)).sort();
  return new Map(pairs.map((pair) => [pair, pairs.filter((other) => other === pair).length]));
}
