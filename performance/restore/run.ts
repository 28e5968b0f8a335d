import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { medianOf } from '../../src/bench/stats/quantile.js';
import { NEWEST } from '../../src/config/version-table.js';
import type { RunEvent } from '../../src/runner/events.js';
import { createWorld, type World } from '../../test/e2e/helpers/cluster-world.js';
import { ensureProgram } from '../../test/helpers/program.js';
import { commit, machine } from '../machine.js';

/**
 * All of three control planes lose power: how much longer does it take with 5,000 objects to restore than without any? From
 * the first machine read over SSH until an API server answers, in turns on the same nodes.
 *
 *   npm run bench:restore -- [--runs 3] [--objects 5000] [--out FILE]
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    objects: { type: 'string', default: '5000' },
    out: { type: 'string' },
  },
});

const NODES = ['s4', 's5', 's6'];
const OBJECTS = Number(values.objects);
const BATCH = 500;
/** Of each object, as a small manifest has them. */
const FILLING = 'x'.repeat(1_000);

interface Sample {
  /** Seconds from the first machine that was read. */
  served: number;
  proven: number;
}

async function fill(world: World): Promise<void> {
  for (let first = 0; first < OBJECTS; first += BATCH) {
    const items = Array.from({ length: Math.min(BATCH, OBJECTS - first) }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `object-${first + index}` },
      data: { filling: FILLING },
    }));
    await world.operator.kubectlWith(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'create', '-f', '-');
  }
}

async function countOf(world: World): Promise<number> {
  const text = await world.operator.kubectl('get', 'configmaps', '-o', 'jsonpath={.items[*].metadata.name}');
  return text.split(' ').filter((name) => name.startsWith('object-')).length;
}

async function afterPowerCut(world: World, args: readonly string[]): Promise<Sample> {
  await world.lab.reboot(NODES, { power: true });
  const { exit, events, stderr } = await world.operator.events(['up', ...args]);
  if (exit !== 0) throw new Error(`up ended with ${exit}: ${stderr}`);
  const began = endOf(events, 'facts');
  return { served: (endOf(events, 'api-ready') - began) / 1000, proven: (endOf(events, 'verify') - began) / 1000 };
}

/** Milliseconds at which the first of its nodes was through it. */
function endOf(events: readonly RunEvent[], step: string): number {
  const found = events.find((event) => event.type === 'step-finished' && event.step === step && !event.error);
  if (found === undefined) throw new Error(`${step} did not end`);
  return found.ms;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
await ensureProgram();
const world = await createWorld(
  'bench-restore',
  NODES.map((name) => ({ name })),
);
const restored: Sample[] = [];
const empty: Sample[] = [];
const loads: number[] = [];
try {
  await world.up(['--hosts', NODES.join(','), '--control-plane', NODES.join(',')]);
  for (let run = 1; run <= Number(values.runs); run++) {
    await fill(world);
    const { exit } = await world.operator.run(['backup']);
    if (exit !== 0) throw new Error('no snapshot was taken');
    restored.push(await afterPowerCut(world, []));
    const there = await countOf(world);
    if (there !== OBJECTS) throw new Error(`${there} of ${OBJECTS} objects came back`);
    empty.push(await afterPowerCut(world, ['--empty']));
    loads.push(loadavg()[0] ?? 0);
    say(`run ${run}: restored ${JSON.stringify(restored.at(-1))}, empty ${JSON.stringify(empty.at(-1))}`);
  }
} finally {
  await world.down();
}

const medians = (samples: readonly Sample[]) => ({
  served: medianOf(samples.map(({ served }) => served)),
  proven: medianOf(samples.map(({ proven }) => proven)),
});
const [withObjects, without] = [medians(restored), medians(empty)];
const result = {
  unit: 's',
  commit: commit(),
  kubernetes: NEWEST.kubernetes,
  etcd: NEWEST.etcd,
  nodes: NODES.length,
  objects: OBJECTS,
  machine: machine(),
  load: loads,
  restored,
  empty,
  medians: { restored: withObjects, empty: without, more: withObjects.served - without.served },
};
const out = values.out ?? fileURLToPath(new URL('results/restore.json', import.meta.url));
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
say(`${OBJECTS} objects: served ${result.medians.more.toFixed(1)} s later than none; ${out}`);
