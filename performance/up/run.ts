import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureKubeadmBuilt } from '../../lab/build/ensure-built.js';
import { startLab } from '../../lab/nodes/lab.js';
import { ascending, medianOf, quantileOf } from '../../src/bench/stats/quantile.js';
import { NEWEST } from '../../src/config/version-table.js';
import { ensureProgram } from '../../test/helpers/program.js';
import { commit, machine } from '../machine.js';
import { packKit } from './kubeadm/run.js';
import { type Sample, waterfall } from './sample.js';
import { type Bench, coldRuns, NODES, rebootRuns } from './scenarios.js';

/**
 * Measures `up` on the lab: cold on blank machines, again on the healthy cluster, after the reboot of one node and of
 * all; and the floor and kubeadm beside it, in the same run, since only ratios within one run mean something on a machine
 * that is shared. kubeadm is compared with one control plane: same nodes, same binaries, no add-ons; so `up` is measured
 * without add-ons, too.
 *
 *   npm run bench:up -- [--control-planes 1|3] [--runs 20] [--reboots 5] [--floor-every 4] [--out FILE]
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    reboots: { type: 'string', default: '5' },
    'floor-every': { type: 'string', default: '4' },
    'control-planes': { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const count = Number(values['control-planes']);
const controlPlanes = NODES.slice(0, count);
/** The control plane that is not the first one, or with only one of them a worker. */
const rebooted = NODES[1] ?? '';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
await ensureProgram();
// kubeadm's images are made of the same binaries, which only modules give.
const build = await ensureBuilt({ progress: say, from: 'modules' });
const kit =
  count === 1 ? await packKit({ ...build, kit: await ensureKubeadmBuilt({ progress: say }), row: NEWEST }) : undefined;
const work = mkdtempSync(join(tmpdir(), 'bench-up-'));
const bare = { config: join(work, 'cluster.yaml'), images: join(work, 'images') };
writeFileSync(bare.config, 'addons:\n  dns:\n    enabled: false\n');
mkdirSync(bare.images);
symlinkSync(join(build.images, 'pause.tar'), join(bare.images, 'pause.tar'));
const bench: Bench = {
  lab: await startLab({ name: 'bench-up', nodes: NODES.map((name) => ({ name })), build }),
  controlPlanes,
  say,
};
try {
  const options = { runs: Number(values.runs), floorEvery: Number(values['floor-every']), bare, kit };
  const { cold, noop, bare: withoutAddons, floors, kubeadm } = await coldRuns(bench, options);
  const reboots = await rebootRuns(bench, [rebooted], Number(values.reboots));
  const allRebooted = await rebootRuns(bench, NODES, Number(values.reboots));
  report({
    schema: 6,
    what: `up, ${count} control plane${count > 1 ? 's' : ''} of ${NODES.length} nodes, Kubernetes ${NEWEST.kubernetes}, lab`,
    taken: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    seconds: {
      cold: summary(cold),
      noop: summary(noop),
      'cold without add-ons': summary(withoutAddons),
      [`rebooted ${count > 1 ? 'control plane' : 'worker'}`]: summary(reboots),
      'all rebooted': summary(allRebooted),
      floor: { runs: floors.length, median: medianTotal(floors) },
      ...(kit && { kubeadm: { runs: kubeadm.length, median: medianTotal(kubeadm) } }),
    },
    coldToFloor: medianSeconds(cold) / medianTotal(floors),
    coldWithoutAddonsToFloor: medianSeconds(withoutAddons) / medianTotal(floors),
    ...(kit && {
      kubeadmToCold: medianTotal(kubeadm) / medianSeconds(cold),
      kubeadmToColdWithoutAddons: medianTotal(kubeadm) / medianSeconds(withoutAddons),
    }),
    operator: {
      cpuSecondsMedian: medianOf(cold.map(({ cpuSeconds }) => cpuSeconds)),
      peakMiBWorst: Math.max(...cold.map(({ peakMiB }) => peakMiB)),
    },
    floors,
    kubeadm,
    samples: { cold, noop, withoutAddons, reboots, allRebooted },
  });
  const typical = cold.toSorted((a, b) => a.totalMs - b.totalMs)[Math.floor(cold.length / 2)];
  if (typical) bench.say(waterfall(typical));
} finally {
  await bench.lab.down();
  await kit?.remove();
  rmSync(work, { recursive: true });
}

function summary(samples: readonly Sample[]): Record<string, number> {
  const seconds = samples.map(({ totalMs }) => totalMs / 1000);
  const [median, p90] = [medianOf(seconds), quantileOf(ascending(seconds), 0.9)];
  const nodesReady = medianOf(samples.map(({ nodesReadyMs }) => nodesReadyMs / 1000));
  return { runs: samples.length, median, p90, worst: Math.max(...seconds), nodesReadyMedian: nodesReady };
}

function medianSeconds(samples: readonly Sample[]): number {
  return medianOf(samples.map(({ totalMs }) => totalMs / 1000));
}

function medianTotal(runs: readonly { total: number }[]): number {
  return medianOf(runs.map(({ total }) => total));
}

function report(result: Record<string, unknown>): void {
  const { samples: _samples, floors: _floors, kubeadm: _kubeadm, ...headline } = result;
  bench.say(JSON.stringify(headline, undefined, 1));
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'results');
  const out = values.out ?? join(folder, `up-${count}cp.json`);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result)}\n`);
  bench.say(`written to ${out}`);
}
