import { join } from 'node:path';
import { layersOf, SUITES, type Suite } from '../lanes.js';
import type { Children } from './children.js';
import { sum } from './counts.js';
import { type SuiteRun, saveRun } from './long-record.js';
import { type Result, runLayers } from './run-layers.js';
import type { Tree } from './tree.js';

export interface RunSuites {
  names: readonly string[];
  children: Children;
  reports: string;
  record: string;
  /** What is checked out; asked for each suite, as someone may commit meanwhile. */
  tree: () => Tree;
  seed: () => number;
  now: () => Date;
}

/** One after the other, each saved as soon as it ended; what is interrupted has no result. */
export async function runSuites({ names, ...common }: RunSuites): Promise<Result[]> {
  const results: Result[] = [];
  for (const name of names) {
    const suite = SUITES[name];
    if (suite === undefined) continue;
    const { result, run } = await runSuite(name, suite, common);
    results.push(result);
    if (common.children.interrupted) break;
    await saveRun(common.record, name, run);
  }
  return results;
}

async function runSuite(name: string, suite: Suite, options: Omit<RunSuites, 'names'>) {
  const { children, reports, tree, seed, now } = options;
  const [before, begun, drawn] = [tree(), now(), seed()];
  process.stdout.write(`\n=== ${name}: ${suite.title}; seed ${drawn} (--only ${name} --seed ${drawn} for the same)\n`);
  const env = { ...process.env, K8S_DISKLESS_TEST_SEED: String(drawn) };
  const results = await runLayers({ layers: layersOf(suite), children, reports: join(reports, name), env });
  const counts = sum(results.map((result) => result.counts));
  const { passed, failed, skipped } = counts;
  const seconds = Math.round((now().getTime() - begun.getTime()) / 1000);
  const run: SuiteRun = { when: begun.toISOString(), ...before, passed, failed, skipped, seconds, seed: drawn };
  return { result: { layer: { title: `${name}, ${suite.title}` }, counts }, run };
}
