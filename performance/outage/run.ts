import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { medianOf } from '../../src/bench/stats/quantile.js';
import { NEWEST } from '../../src/config/version-table.js';
import { createWorld, type World } from '../../test/e2e/helpers/cluster-world.js';
import { deployEcho } from '../../test/e2e/helpers/workload.js';
import { ensureProgram } from '../../test/helpers/program.js';

/**
 * One of three control planes loses power: for how long does anything stall? Every probe asks ten times a second, before
 * and after; its stall is the longest time between two answers.
 *
 *   npm run bench:outage -- [--runs 3] [--out FILE]
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '3' }, out: { type: 'string' } } });

const NODES = ['s4', 's5', 's6'];
const API = 'https://169.254.77.1:6443/livez';
/** By the `kubernetes` Service, as client-go in a pod does. */
const CLUSTER_IP = 'https://10.96.0.1:443/livez';
const PROBED_S = 40;

const SCRIPT = readFileSync(join(import.meta.dirname, 'probe.bash'));

const PROBES: Record<string, { node: string; ask: readonly string[] }> = {
  'node s5 → API address': { node: 's5', ask: ['api', API] },
  'node s6 → API address': { node: 's6', ask: ['api', API] },
  'pod on s5 → kubernetes Service': { node: 's5', ask: ['pod', CLUSTER_IP] },
  'pod on s6 → kubernetes Service': { node: 's6', ask: ['pod', CLUSTER_IP] },
  'a write through the API of s5': { node: 's5', ask: ['write', 's5'] },
  'a write through the API of s6': { node: 's6', ask: ['write', 's6'] },
};

async function stallOf(world: World, { node, ask }: (typeof PROBES)[string]): Promise<number> {
  const { stdout } = await world.lab.exec(node, ['bash', '-s', '--', `${PROBED_S}`, ...ask], { input: SCRIPT });
  const answers = stdout.trim().split('\n').map(Number);
  if (answers.length < 10) throw new Error(`${ask.join(' ')} on ${node} was hardly ever answered`);
  return Math.max(...answers.slice(1).map((at, index) => at - (answers[index] ?? at)));
}

/** The same by a person's kubectl, which picks a living control plane by itself. */
async function kubectlStall(world: World): Promise<number> {
  let last = performance.now();
  let stall = 0;
  for (const until = last + PROBED_S * 1000; performance.now() < until; ) {
    const { exit } = await world.operator.run(['kubectl', '--', 'get', 'nodes', '-o', 'name']);
    if (exit !== 0) continue;
    stall = Math.max(stall, performance.now() - last);
    last = performance.now();
  }
  return stall / 1000;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
await ensureProgram();
const world = await createWorld(
  'bench-outage',
  NODES.map((name) => ({ name })),
);
const stalls = new Map<string, number[]>();
try {
  for (let run = 1; run <= Number(values.runs); run++) {
    await world.up(['--hosts', NODES.join(',')]);
    await deployEcho(world.operator, NODES.length);
    const probing = Object.entries(PROBES).map(async ([name, probe]) => [name, await stallOf(world, probe)] as const);
    const person = kubectlStall(world).then((stall) => ['k8s-diskless kubectl, command to command', stall] as const);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    await world.lab.powerOff(['s4']);
    for (const [name, stall] of await Promise.all([...probing, person])) {
      stalls.set(name, [...(stalls.get(name) ?? []), stall]);
      say(`run ${run}: ${name}: ${stall.toFixed(2)} s`);
    }
    await world.lab.powerOn(['s4']);
    await world.lab.reboot(NODES, { power: true });
  }
} finally {
  await world.down();
}

const result = {
  schema: 1,
  what: `longest stall after the first of three control planes lost power, Kubernetes ${NEWEST.kubernetes}, lab; seconds`,
  taken: new Date().toISOString(),
  commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
  load: loadavg()[0],
  stalls: Object.fromEntries(
    [...stalls].map(([name, all]) => [name, { median: medianOf(all), worst: Math.max(...all), all }]),
  ),
};
const out = values.out ?? join(dirname(fileURLToPath(import.meta.url)), 'results', 'three-control-planes.json');
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify(result, undefined, 1)}\n`);
say(`written to ${out}`);
