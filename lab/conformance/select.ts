import { DisklessError } from '../../src/errors.js';

/** A test that is left out, by its full name. */
export interface Skip {
  name: string;
  reason: string;
}

/** A kind of tests that is left out. */
export interface LeftOut {
  /** In names of tests. */
  pattern: string;
  reason: string;
}

/** Full names of all tests, from what `e2e.test --list-tests` prints. */
export function parseTestList(text: string): string[] {
  return [...text.matchAll(/^ +\S+\.go:\d+: (.+)$/gm)].map(([, name = '']) => name);
}

/** Those of a label such as `Conformance`, which names bear in brackets. */
export function labelled(names: readonly string[], label: string): string[] {
  return names.filter((name) => name.includes(`[${label}]`));
}

/**
 * What is left to run.
 *
 * @throws DisklessError `conformance-skips` for an entry that names no test, or the test of another entry: what is skipped
 * for nothing hides what is not run.
 */
export function withoutSkips(names: readonly string[], skips: readonly Skip[]): string[] {
  const skipped = skips.map(({ name }) => name);
  const wrong = [
    ...skipped.filter((name) => !names.includes(name)).map((name) => `no test is called ${name}`),
    ...skipped.filter((name, at) => skipped.indexOf(name) !== at).map((name) => `named twice: ${name}`),
    ...skips.filter(({ reason }) => reason.trim() === '').map(({ name }) => `without a reason: ${name}`),
  ];
  if (wrong.length === 0) return names.filter((name) => !skipped.includes(name));
  throw new DisklessError({
    code: 'conformance-skips',
    message: 'the list of tests to skip does not fit the tests',
    detail: wrong.join('\n'),
    hint: 'mend lab/conformance/skips.json',
  });
}

/** The same for kinds of tests, each of which has to be one. */
export function withoutKinds(names: readonly string[], kinds: readonly LeftOut[]): string[] {
  const patterns = kinds.map(({ pattern }) => new RegExp(pattern));
  const idle = kinds.filter((_, at) => !names.some((name) => patterns[at]?.test(name)));
  if (idle.length === 0) return names.filter((name) => !patterns.some((pattern) => pattern.test(name)));
  throw new DisklessError({
    code: 'conformance-kinds',
    message: 'kinds of tests are left out that there are none of',
    detail: idle.map(({ pattern }) => pattern).join('\n'),
    hint: 'mend lab/conformance/node-left-out.json',
  });
}

/** Tests that are run in one go. */
export interface Shard {
  title: string;
  /** They bear no test beside them. */
  alone: boolean;
  /** Which half. */
  half: 0 | 1;
}

export const SHARDS: readonly Shard[] = [
  { title: 'side by side, first half', alone: false, half: 0 },
  { title: 'side by side, second half', alone: false, half: 1 },
  { title: 'one after the other, first half', alone: true, half: 0 },
  { title: 'one after the other, second half', alone: true, half: 1 },
];

/** The tests of a shard: each is in one. */
export function shard(names: readonly string[], { alone, half }: Pick<Shard, 'alone' | 'half'>): string[] {
  const bearsNobody = (name: string) => /\[(Serial|Disruptive)\]/.test(name);
  const tests = names.filter((name) => bearsNobody(name) === alone).toSorted();
  return tests.filter((_, at) => at % 2 === half);
}
