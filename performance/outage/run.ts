import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
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

const PROBES: Record<string, { node: string; ask: string }> = {
  'node s5 → API address': { node: 's5', ask: `curl -sfk -m 1 -o /dev/null ${API}` },
  'node s6 → API address': { node: 's6', ask: `curl -sfk -m 1 -o /dev/null ${API}` },
  'pod on s5 → kubernetes Service': { node: 's5', ask: inPod(`curl -sfk -m 1 -o /dev/null ${CLUSTER_IP}`) },
  'pod on s6 → kubernetes Service': { node: 's6', ask: inPod(`curl -sfk -m 1 -o /dev/null ${CLUSTER_IP}`) },
  'a write through the API of s5': { node: 's5', ask: write('s5') },
  'a write through the API of s6': { node: 's6', ask: write('s6') },
};

/** In the network namespace of some pod of the node. */
function inPod(command: string): string {
  return `ip netns exec "$(ls /run/netns | grep ^cni- | head -1)" ${command}`;
}

/** Needs etcd's quorum: the kubelet's own credentials renew its own lease object's annotation. */
function write(node: string): string {
  const tls =
    '--cacert /etc/kubernetes/pki/ca.crt --cert /etc/kubernetes/pki/kubelet-client.crt --key /etc/kubernetes/pki/kubelet-client.key';
  const body = `'{"metadata":{"annotations":{"outage":"'$EPOCHREALTIME'"}}}'`;
  const lease = `https://127.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}`;
  return `curl -sf -m 1 -o /dev/null ${tls} -X PATCH -H 'Content-Type: application/merge-patch+json' -d ${body} ${lease}`;
}

async function stallOf(world: World, { node, ask }: { node: string; ask: string }): Promise<number> {
  const script = `until=$((SECONDS + ${PROBED_S})); while [ $SECONDS -lt $until ]; do ${ask} && echo $EPOCHREALTIME; sleep 0.1; done; exit 0`;
  const { stdout } = await world.lab.exec(node, ['bash', '-c', script]);
  const answers = stdout.trim().split('\n').map(Number);
  if (answers.length < 10) throw new Error(`${ask} on ${node} was hardly ever answered`);
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
