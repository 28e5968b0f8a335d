import { join } from 'node:path';
import type { Layer } from '../lanes.js';
import type { Children } from './children.js';
import { type Counts, countsOf, failed, passed } from './counts.js';
import { isOnPath } from './programs.js';

export interface Result {
  layer: Pick<Layer, 'title'>;
  counts: Counts;
}

export interface RunLayers {
  layers: readonly Layer[];
  children: Children;
  /** Where reports of vitest go. */
  reports: string;
  env?: NodeJS.ProcessEnv;
}

/** One after the other, all of them, unless a gate fails. */
export async function runLayers({ layers, ...common }: RunLayers): Promise<Result[]> {
  const results: Result[] = [];
  for (const layer of layers) {
    const counts = await runLayer({ layer, ...common });
    results.push({ layer, counts });
    if (common.children.interrupted || (layer.gate && counts.failed > 0)) break;
  }
  return results;
}

async function runLayer(options: Omit<RunLayers, 'layers'> & { layer: Layer }): Promise<Counts> {
  const { layer, children, reports, env = process.env } = options;
  process.stdout.write(`\n== ${layer.title}\n`);
  const missing = (layer.needs ?? []).filter((program) => !isOnPath(program, env));
  if (missing.length > 0) return failed(`not installed: ${missing.join(', ')} (sh lab/setup.sh installs all)`);
  const report = join(reports, `${layer.name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ok = await children.run(layer.counted ? [...layer.command, ...reporters] : layer.command, env);
  if (children.interrupted) return failed('it was interrupted');
  if (layer.counted) return countsOf(report, ok);
  return ok ? passed : failed();
}
