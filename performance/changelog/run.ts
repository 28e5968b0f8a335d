import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { LogRecord } from '../../src/changelog/log-record.js';
import { listSegments } from '../../src/changelog/log-store.js';
import { createFollowed, type Followed, type Following } from '../../test/changelog/followed.js';
import { etcdBinary } from '../../test/etcd/etcd-binary.js';
import { createEtcdCluster, type EtcdCluster } from '../../test/etcd/etcd-cluster.js';
import { createOpensslPki } from '../../test/helpers/openssl-pki.js';
import { commit, cpuMsOf, machine } from '../machine.js';
import { type ChurnOrder, type ChurnReport, COUNTER, type Load } from './churn.js';

/**
 * The change log of three etcd members on loopback, while a process beside it writes what a cluster of so many nodes
 * does with so many pods started a second: how far it is behind, what it costs, and how much of a counter that is written
 * twenty times a second is lost when all members are killed at once.
 *
 *   npm run bench:changelog -- [--nodes 3] [--nodes 100] [--pods 0] [--pods 5] [--seconds 60] [--out FILE]
 */
const { values } = parseArgs({
  options: {
    nodes: { type: 'string', multiple: true, default: ['3', '100'] },
    pods: { type: 'string', multiple: true, default: ['0', '5'] },
    seconds: { type: 'string', default: '60' },
    out: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const NAMES = ['s4', 's5', 's6'];
const DAY_SECONDS = 86_400;
/** No divisor of the half second in which the lag comes and goes. */
const SAMPLE_EVERY_MS = 37;
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const pki = createOpensslPki();
const binary = await etcdBinary();

async function measured(load: Load): Promise<Record<string, unknown>> {
  const root = mkdtempSync(join(tmpdir(), 'k8s-diskless-changelog-'));
  const cluster = await createEtcdCluster({ binary, pki, names: NAMES });
  const followed = createFollowed({ member: cluster.member, names: () => NAMES, root });
  try {
    await cluster.start();
    const child = await churning(cluster, load);
    await setTimeout(5_000);
    const etcdAlone = await etcdCpuPercent(cluster, () => setTimeout(seconds * 1000));
    const log = followed.follow();
    await log.until(({ isRed }) => !isRed);
    const loadBefore = loadavg()[0];
    return {
      ...load,
      loadBefore,
      ...(await whileFollowed(cluster, followed, log, child)),
      etcdCpuPercentAlone: etcdAlone,
    };
  } finally {
    followed.end();
    await cluster.remove();
    rmSync(root, { recursive: true, force: true });
  }
}

async function churning(cluster: EtcdCluster, load: Load): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('churn-process.ts', import.meta.url)), { stdio: ['ignore', 2, 2, 'ipc'] });
  const ports = NAMES.map((name) => cluster.member(name).clientPort);
  const order: ChurnOrder = { load, ports, tls: cluster.member('s4').grpc.identity };
  child.send(order);
  return child;
}

async function whileFollowed(cluster: EtcdCluster, followed: Followed, log: Following, child: ChildProcess) {
  const lags: number[] = [];
  const sampling = setInterval(() => lags.push(...lagNow(log)), SAMPLE_EVERY_MS);
  const cpuBefore = process.cpuUsage();
  const [bytesBefore, revisionBefore] = [await logBytes(followed), await revisionOf(cluster)];
  const etcd = await etcdCpuPercent(cluster, () => setTimeout(seconds * 1000));
  const { user, system } = process.cpuUsage(cpuBefore);
  const [bytes, revision] = [(await logBytes(followed)) - bytesBefore, (await revisionOf(cluster)) - revisionBefore];
  clearInterval(sampling);
  lags.sort((one, other) => one - other);
  const lagMs = (part: number): number => Math.round(lags[Math.floor((lags.length - 1) * part)] ?? Number.NaN);
  const report = once(child, 'message') as Promise<[ChurnReport]>;
  await Promise.all(NAMES.map((name) => cluster.member(name).kill()));
  const [{ acknowledged }] = await report;
  await log.stop();
  const kept = await keptCounter(followed);
  const last = acknowledged.length;
  return {
    writesPerSecond: Math.round(revision / seconds),
    lagMs: { median: lagMs(0.5), p99: lagMs(0.99), max: lagMs(1) },
    megabytesPerDay: Math.round(((bytes / seconds) * DAY_SECONDS) / 1e6),
    operatorCpuPercent: Math.round((user + system) / seconds / 100) / 100,
    operatorPeakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    etcdCpuPercent: etcd,
    lost: {
      writes: Math.max(0, last - kept),
      ms: kept >= last ? 0 : (acknowledged[last - 1] ?? 0) - (acknowledged[kept - 1] ?? 0),
    },
  };
}

/** What was told last, and how long ago that was: too much where something was proven since. */
function lagNow({ states, toldMs }: Following): number[] {
  const lagMs = states.at(-1)?.lagMs;
  return lagMs === undefined ? [] : [lagMs + performance.now() - toldMs()];
}

/** Of all members together, of one processor. */
async function etcdCpuPercent(cluster: EtcdCluster, work: () => Promise<unknown>): Promise<number> {
  const now = (): number => NAMES.reduce((sum, name) => sum + cpuMsOf(cluster.member(name).pid()), 0);
  const before = now();
  await work();
  return Math.round((now() - before) / seconds) / 10;
}

async function revisionOf(cluster: EtcdCluster): Promise<number> {
  return Number((await cluster.member('s4').gateway.linearizableRead()).revision);
}

async function logBytes(followed: Followed): Promise<number> {
  return (await listSegments(followed.log())).reduce((sum, { path }) => sum + statSync(path).size, 0);
}

async function keptCounter(followed: Followed): Promise<number> {
  const { records } = await followed.read(await followed.newest());
  const valuesOf = (record: LogRecord): number[] =>
    record.kind === 'nothing'
      ? []
      : record.changes.flatMap((change) =>
          change.kind === 'put' && change.key === COUNTER ? [Number(change.value)] : [],
        );
  return Math.max(0, ...records.flatMap(valuesOf));
}

try {
  const runs = [];
  const loads = values.nodes.flatMap((nodes) =>
    values.pods.map((pods) => ({ nodes: Number(nodes), podsPerSecond: Number(pods) })),
  );
  for (const load of loads) {
    const run = await measured(load);
    say(JSON.stringify(run));
    runs.push(run);
  }
  const what = 'the change log of three etcd members over loopback with TLS, beside what a cluster writes';
  const result = {
    schema: 1,
    what,
    taken: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    seconds,
    runs,
  };
  const out = values.out ?? join(dirname(fileURLToPath(import.meta.url)), 'results', 'changelog.json');
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result)}\n`);
} finally {
  pki.remove();
}
