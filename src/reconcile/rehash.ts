import { DisklessError, ownError } from '../errors.js';
import type { MarkerFact, NodeFacts } from '../facts/facts.js';
import { suspectPaths } from '../plan/diff.js';
import { shellQuote } from '../ssh/quote.js';
import type { Run } from './context.js';
import type { CheckedHosts, Hashes, Preflighted } from './hosts.js';
import { timeLimit } from './time-limit.js';

/**
 * Hashes on the nodes what no longer looks as it was installed (or everything, with --verify). One that is lost
 * meanwhile takes no part, and keeps nobody else from taking his.
 */
export async function rehashed(
  context: Run,
  { fit, rejected }: Preflighted,
): Promise<Pick<CheckedHosts, 'fit' | 'rejected' | 'hashes'>> {
  const outcomes = await Promise.all(
    fit.map(async ({ node, facts }): Promise<[string, Hashes | DisklessError]> => {
      return [node.name, await hashesOf(context, node.name, facts).catch(unlessAborted(context.signal))];
    }),
  );
  const hashes = new Map<string, Hashes>();
  const failed = new Map<string, DisklessError>();
  for (const [name, outcome] of outcomes) {
    if (outcome instanceof DisklessError) failed.set(name, outcome);
    else hashes.set(name, outcome);
  }
  return {
    fit: fit.filter(({ node }) => hashes.has(node.name)),
    rejected: new Map([...rejected, ...failed]),
    hashes,
  };
}

function unlessAborted(signal: AbortSignal): (error: unknown) => DisklessError {
  return (error) => {
    if (signal.aborted) throw error;
    return ownError(error);
  };
}

async function hashesOf(context: Run, name: string, { marker }: NodeFacts): Promise<Hashes> {
  const suspects = suspectPaths(marker, { all: context.options.verifyAll });
  if (suspects.length === 0) return new Map();
  const hash = { command: `sha256sum -- ${shellQuote(...suspects)}` };
  const { stdout } = await context.cluster.session(name).runAsRoot(hash, {
    label: 'hash installed files',
    accept: [0, 1],
    timeoutMs: timeLimit({ baseMs: 60_000, bytes: bytesOf(marker, suspects) }),
  });
  const found = stdout.split('\n').flatMap((line): [string, string][] => {
    const [, hash = '', path = ''] = /^\\?([0-9a-f]{64}) [ *](\/.*)$/.exec(line) ?? [];
    return path === '' ? [] : [[path, hash]];
  });
  // What could not be hashed (gone meanwhile, unreadable) counts as different.
  return new Map([...suspects.map((path): [string, string] => [path, '']), ...found]);
}

/** As they lie there now: a stamp begins with the size. */
function bytesOf(marker: MarkerFact | undefined, paths: readonly string[]): number {
  const stamps = new Map(marker?.files.map(({ path, currentStamp }) => [path, currentStamp]));
  return paths.reduce((sum, path) => sum + Number.parseInt(stamps.get(path) ?? '0', 10), 0);
}
