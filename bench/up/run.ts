import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RunEvent } from '../../src/runner/events.js';
import { createOperator } from '../../test/e2e/helpers/cli.js';
import { startLab } from '../../test/lab/nodes/lab.js';
import { medianOf, quantileOf } from './quantile.js';
import { type Sample, sampleOf, waterfall } from './sample.js';

/**
 * Measures cold `up` on the lab: from the first SSH packet of the first node to all nodes Ready and verified, several
 * times, each on blank machines (all rebooted) with a warm operator cache.
 *
 *   npm run bench:up -- --runs 5 [--control-planes 1|3] [--out FILE]
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    'control-planes': { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const runs = Number(values.runs);
const controlPlanes = Number(values['control-planes']);
const NODES = ['s4', 's5', 's6'];
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const lab = await startLab({ name: 'bench-up', nodes: NODES.map((name) => ({ name })), progress: say });
const samples: Sample[] = [];
try {
  const args = ['up', '--hosts', NODES.join(','), '--control-plane', NODES.slice(0, controlPlanes).join(',')];
  // The first run compresses artifacts into the operator's cache: it is thrown away.
  for (let run = 0; run <= runs; run++) {
    const operator = await createOperator(lab.env());
    const loadBefore = loadavg()[0] ?? 0;
    const finished = await operator.events(args);
    await operator.remove();
    if (finished.exit !== 0)
      throw new Error(`run ${run} ended with exit ${finished.exit}\n${finished.stdout.slice(-4000)}${finished.stderr}`);
    const sample = sampleOf(finished.events as RunEvent[], loadBefore);
    say(
      `run ${run}${run === 0 ? ' (warm-up, discarded)' : ''}: ${(sample.totalMs / 1000).toFixed(2)} s, load ${loadBefore.toFixed(1)}`,
    );
    if (run > 0) samples.push(sample);
    await lab.reboot(NODES, { power: true });
  }
} finally {
  await lab.down();
}

const totals = samples.map(({ totalMs }) => totalMs);
const result = {
  schema: 1,
  what: `cold up, ${controlPlanes} control plane${controlPlanes > 1 ? 's' : ''} of ${NODES.length} nodes, Kubernetes 1.20.2, lab`,
  taken: new Date().toISOString(),
  machine: {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
  },
  runs: samples.length,
  secondsMedian: medianOf(totals) / 1000,
  secondsP90: quantileOf(totals, 0.9) / 1000,
  secondsWorst: Math.max(...totals) / 1000,
  samples,
};
say(
  `\nmedian ${result.secondsMedian.toFixed(2)} s, p90 ${result.secondsP90.toFixed(2)} s, worst ${result.secondsWorst.toFixed(2)} s`,
);
const typical = samples.toSorted((a, b) => a.totalMs - b.totalMs)[Math.floor(samples.length / 2)];
if (typical) say(waterfall(typical));
const out = values.out ?? join(dirname(fileURLToPath(import.meta.url)), 'results', `cold-${controlPlanes}cp.json`);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify(result, undefined, 1)}\n`);
say(`written to ${out}`);
