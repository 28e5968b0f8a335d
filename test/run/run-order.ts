import { randomInt } from 'node:crypto';
import { didYouMean } from '../../src/config/suggest.js';
import { usageError } from '../../src/errors.js';
import { CHECKS, type Layer, TEST, unitTests } from '../lanes.js';
import type { LongOrder, Order } from './arguments.js';
import type { Children } from './children.js';
import { choose } from './choose.js';
import { type Closing, closing } from './closing.js';
import { listOf } from './list.js';
import { RECORD, readRecord } from './long-record.js';
import { otherLanes } from './other-lanes.js';
import { runLayers } from './run-layers.js';
import { runSuites } from './run-suites.js';
import { sourceTree } from './tree.js';

const SEEDS = 1_000_000_000;

export interface Running {
  children: Children;
  /** Where reports of vitest go. */
  reports: string;
}

/** Runs what was asked for; resolves to what is said at its end. */
export async function runOrder(order: Order, running: Running): Promise<Closing> {
  switch (order.lane) {
    case 'fast': {
      const unit = order.nodes.length === 0 ? [unitTests()] : order.nodes.map((major) => unitTests(major));
      return closing(await runLayers({ layers: [...CHECKS, ...unit], ...running }), otherLanes());
    }
    case 'test':
      return closing(await runLayers({ layers: layersBeginning(order.words), ...running }));
    case 'list':
      return { text: listOf(await readRecord(RECORD), sourceTree().current()), exit: 0 };
    case 'long':
      return runLong(order, running);
  }
}

function layersBeginning(words: readonly string[]): readonly Layer[] {
  const names = TEST.map(({ name }) => name);
  for (const word of words) {
    if (names.some((name) => name.startsWith(word))) continue;
    const hint = didYouMean(word, names) ?? `layers are ${names.join(', ')}`;
    throw usageError({ code: 'test-arguments', message: `${JSON.stringify(word)} is no layer`, hint });
  }
  return TEST.filter(({ name }) => words.length === 0 || words.some((word) => name.startsWith(word)));
}

async function runLong({ suites, stale, since, seed }: LongOrder, running: Running): Promise<Closing> {
  const sources = sourceTree();
  const { tree } = sources.current();
  const from = since === undefined ? undefined : sources.commitOf(since);
  const names = choose({
    suites,
    record: await readRecord(RECORD),
    ...(stale && { stale: { tree } }),
    ...(from !== undefined && { since: (commit) => sources.isAtOrAfter(commit, from) }),
  });
  if (tree === null) process.stdout.write('changes are not committed: what runs now counts for no commit\n');
  const results = await runSuites({
    names,
    ...running,
    record: RECORD,
    tree: sources.current,
    seed: () => seed ?? randomInt(SEEDS),
    now: () => new Date(),
  });
  const left = names.slice(results.length);
  return closing(results, [
    ...(names.length === 0 ? ['nothing to run: all of it is green already'] : []),
    ...(left.length === 0 ? [] : [`not run: ${left.join(', ')}`]),
  ]);
}
