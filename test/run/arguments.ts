import { parseArgs } from 'node:util';
import { didYouMean } from '../../src/config/suggest.js';
import { usageError } from '../../src/errors.js';
import { NODE_VERSIONS, SUITES } from '../lanes.js';

/** What a person asked for. */
export type Order =
  /** Without versions: the Node that runs. */
  | { lane: 'fast'; nodes: readonly number[] }
  /** Words that names of layers begin with; none for all. */
  | { lane: 'test'; words: readonly string[] }
  | { lane: 'list' }
  | LongOrder;

export interface LongOrder {
  lane: 'long';
  suites: readonly string[];
  /** Of those, what has no result for this tree: `--all`. */
  stale: boolean;
  /** Of those, what has no green result at this commit or after it. */
  since?: string;
  seed?: number;
}

const USAGE = `usage: npm run test:fast [-- --node all|MAJOR,...]
       npm test [-- LAYER...]
       npm run test:long -- --only SUITE,... | --all [--since COMMIT] [--seed N]
       npm run test:long -- --list`;

/** @throws usage error (exit 2) */
export function parseArguments([lane = '', ...args]: readonly string[]): Order {
  if (lane === 'fast') return { lane, nodes: nodesOf(values(args, { node: { type: 'string' } }).node) };
  if (lane === 'test') return { lane, words: args };
  if (lane === 'long') return longOrder(args);
  throw wrong(`${JSON.stringify(lane)} is no lane`, didYouMean(lane, ['fast', 'test', 'long']));
}

function nodesOf(given: string | undefined): readonly number[] {
  if (given === undefined) return [];
  if (given === 'all') return NODE_VERSIONS;
  return given.split(',').map((word) => {
    const found = NODE_VERSIONS.find((version) => String(version) === word);
    if (found === undefined) throw wrong(`--node: ${word} is none of ${NODE_VERSIONS.join(', ')}`);
    return found;
  });
}

function longOrder(args: readonly string[]): Order {
  const { only, all, since, seed, list } = values(args, {
    only: { type: 'string' },
    all: { type: 'boolean' },
    since: { type: 'string' },
    seed: { type: 'string' },
    list: { type: 'boolean' },
  });
  if (list) return { lane: 'list' };
  if ((only === undefined) !== (all === true)) throw wrong('what to run is said by --only or by --all');
  if (seed !== undefined && !/^\d{1,9}$/.test(seed)) throw wrong(`--seed: ${seed} is no whole number of nine digits`);
  return {
    lane: 'long',
    suites: only === undefined ? Object.keys(SUITES) : suitesOf(only),
    stale: only === undefined && since === undefined,
    ...(since !== undefined && { since }),
    ...(seed !== undefined && { seed: Number(seed) }),
  };
}

function suitesOf(only: string): string[] {
  const names = only.split(',');
  for (const name of names) {
    if (Object.hasOwn(SUITES, name)) continue;
    throw wrong(`${JSON.stringify(name)} is no suite`, didYouMean(name, Object.keys(SUITES)) ?? suiteNames());
  }
  return names;
}

const suiteNames = (): string => `suites are ${Object.keys(SUITES).join(', ')}`;

function values<T extends Record<string, { type: 'string' | 'boolean' }>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

function wrong(message: string, hint?: string): Error {
  return usageError({ code: 'test-arguments', message, hint: hint === undefined ? USAGE : `${hint}\n${USAGE}` });
}
