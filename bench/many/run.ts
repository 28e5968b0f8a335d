import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeReleases } from '../../test/helpers/release-directory.js';
import { commit, machine } from '../machine.js';
import { medianOf } from '../up/quantile.js';
import { type Sample, sampleOf, startWorld, type World } from './sample.js';

/**
 * What many nodes cost the operator: blank nodes, each an SSH server in another process, are probed, planned and given
 * their small files by the steps of `up` that do this. Sizes take turns, so that a machine that is shared is as busy for
 * one as for another.
 *
 *   npm run bench:many -- [--sizes 10,25,50,100] [--runs 5] [--out FILE]
 */
const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10,25,50,100' },
    runs: { type: 'string', default: '5' },
    out: { type: 'string' },
  },
});
const sizes = values.sizes.split(',').map(Number);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const directory = mkdtempSync(join(tmpdir(), 'bench-many-'));
try {
  const artifacts = join(directory, 'artifacts');
  mkdirSync(artifacts);
  writeReleases(artifacts);
  const world = await startWorld({ directory, artifacts, most: Math.max(...sizes) });
  const samples = await samplesOf(world, Number(values.runs));
  world.fleet.disconnect();
  report(samples);
} finally {
  rmSync(directory, { recursive: true });
}

async function samplesOf(world: World, runs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  // The first run compresses artifacts into the operator's cache: it is thrown away.
  await sampleOf(world, Math.min(...sizes));
  for (let run = 1; run <= runs; run++) {
    for (const nodes of sizes) {
      const sample = await sampleOf(world, nodes);
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

interface Summary {
  nodes: number;
  runs: number;
  seconds: number;
  worstSeconds: number;
  cpuSeconds: number;
  helperCpuSeconds: number;
  peakMiB: number;
  /** Of that, before anything was read. */
  baselineMiB: number;
}

function summaryOf(nodes: number, all: readonly Sample[]): Summary {
  const samples = all.filter((sample) => sample.nodes === nodes);
  const median = (of: (sample: Sample) => number): number => medianOf(samples.map(of));
  return {
    nodes,
    runs: samples.length,
    seconds: median(({ runMs }) => runMs / 1000),
    worstSeconds: Math.max(...samples.map(({ runMs }) => runMs / 1000)),
    cpuSeconds: median(({ cpuSeconds }) => cpuSeconds),
    helperCpuSeconds: median(({ helperCpuSeconds }) => helperCpuSeconds),
    peakMiB: Math.max(...samples.map(({ peakMiB }) => peakMiB)),
    baselineMiB: median(({ baselineMiB }) => baselineMiB),
  };
}

/** Each size against the one before it: what is linear grows no faster than the nodes. */
function growthOf(summaries: readonly Summary[]): Record<string, number | string>[] {
  return summaries.slice(1).map((larger, index) => {
    const smaller = summaries[index] as Summary;
    return {
      of: `${larger.nodes}/${smaller.nodes}`,
      nodes: larger.nodes / smaller.nodes,
      seconds: larger.seconds / smaller.seconds,
      cpuSeconds: larger.cpuSeconds / smaller.cpuSeconds,
      peakMiB: (larger.peakMiB - larger.baselineMiB) / (smaller.peakMiB - smaller.baselineMiB),
    };
  });
}

function report(samples: readonly Sample[]): void {
  const summaries = sizes.toSorted((a, b) => a - b).map((nodes) => summaryOf(nodes, samples));
  const growth = growthOf(summaries);
  say(JSON.stringify({ summaries, growth }, undefined, 1));
  const result = {
    schema: 1,
    what: 'up until all files are sent, blank nodes behind SSH servers on loopback, artifacts of some bytes',
    taken: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    summaries,
    growth,
    samples,
  };
  const out = values.out ?? join(dirname(fileURLToPath(import.meta.url)), 'results', 'many.json');
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result)}\n`);
  say(`written to ${out}`);
}
