import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commit, machine } from '../machine.js';
import { artifactsIn, type Sample, sampleOf, startWorld, type World } from './sample.js';
import { growthOf, summaryOf } from './summary.js';

/**
 * What many nodes cost the operator: blank nodes, each an SSH server in another process, are probed, planned and given
 * their small files by the steps of `up` that do this. Sizes take turns, so that a machine that is shared is as busy for
 * one as for another. Then some nodes at once get binaries too, for the memory that takes.
 *
 *   npm run bench:many -- [--sizes 10,25,50,100] [--runs 5] [--push-nodes 50] [--push-mib 10] [--out FILE]
 */
const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10,25,50,100' },
    runs: { type: 'string', default: '5' },
    'push-nodes': { type: 'string', default: '50' },
    'push-mib': { type: 'string', default: '10' },
    out: { type: 'string' },
  },
});
const sizes = values.sizes
  .split(',')
  .map(Number)
  .toSorted((a, b) => a - b);
const push = { nodes: Number(values['push-nodes']), mib: Number(values['push-mib']) };
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const directory = mkdtempSync(join(tmpdir(), 'bench-many-'));
try {
  const world = await startWorld(directory, Math.max(...sizes, push.nodes));
  const runs = Number(values.runs);
  const small = await samplesOf(world, { sizes, runs, artifacts: artifactsIn(world, 'small') });
  const binaries = artifactsIn(world, 'binaries', push.mib * 1024 ** 2);
  const pushed = await samplesOf(world, { sizes: [push.nodes], runs, artifacts: binaries });
  world.fleet.disconnect();
  report(small, pushed);
} finally {
  rmSync(directory, { recursive: true });
}

interface Series {
  sizes: readonly number[];
  runs: number;
  artifacts: string;
}

async function samplesOf(world: World, { sizes, runs, artifacts }: Series): Promise<Sample[]> {
  const samples: Sample[] = [];
  // The first run compresses artifacts into the operator's cache: it is thrown away.
  await sampleOf(world, sizes[0] ?? 1, artifacts);
  for (let run = 1; run <= runs; run++) {
    for (const nodes of sizes) {
      const sample = await sampleOf(world, nodes, artifacts);
      say(words(sample));
      samples.push(sample);
    }
  }
  return samples;
}

function words({ nodes, runMs, cpuSeconds, peakMiB, loadBefore }: Sample): string {
  const seconds = `${(runMs / 1000).toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU`;
  return `${nodes} nodes: ${seconds}, ${peakMiB.toFixed(0)} MiB (load ${loadBefore.toFixed(1)})`;
}

function report(small: readonly Sample[], pushed: readonly Sample[]): void {
  const summaries = sizes.map((nodes) => summaryOf(small.filter((sample) => sample.nodes === nodes)));
  const growth = growthOf(summaries);
  const withBinaries = { mibPerBinary: push.mib, ...summaryOf(pushed) };
  say(JSON.stringify({ small: summaries, growth, withBinaries }, undefined, 1));
  const result = {
    schema: 1,
    what: 'up until all files are sent: blank nodes behind SSH servers on loopback, artifacts of some bytes, or binaries',
    taken: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    small: summaries,
    growth,
    withBinaries,
    samples: { small, withBinaries: pushed },
  };
  const out = values.out ?? join(dirname(fileURLToPath(import.meta.url)), 'results', 'many.json');
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result)}\n`);
  say(`written to ${out}`);
}
