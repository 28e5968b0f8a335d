import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { GrpcServer } from '../../src/etcd/grpc.js';
import { snapshotOf } from '../../src/etcd/snapshot.js';
import { createHttpsChannel } from '../../src/http/https-channel.js';
import { etcdBinary } from '../../test/etcd/etcd-binary.js';
import { createEtcdCluster, type EtcdProcess } from '../../test/etcd/etcd-cluster.js';
import { createOpensslPki } from '../../test/helpers/openssl-pki.js';
import { commit, cpuMsOf, machine } from '../machine.js';

/**
 * A snapshot of etcd by gRPC and by its JSON gateway, in turns, over loopback: how fast it comes, and what it costs the
 * operator and etcd. Nothing is written: what is measured is the way.
 *
 *   npm run bench:snapshot -- [--mib 200] [--runs 7] [--out FILE]
 */
const { values } = parseArgs({
  options: { mib: { type: 'string', default: '200' }, runs: { type: 'string', default: '7' }, out: { type: 'string' } },
});
const { signal } = new AbortController();
const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Sample {
  way: 'grpc' | 'json';
  bytes: number;
  ms: number;
  operatorCpuMs: number;
  etcdCpuMs: number;
  /** Highest of this process so far. */
  peakMiB: number;
}

async function byGrpc(server: GrpcServer): Promise<number> {
  let bytes = 0;
  for await (const part of snapshotOf({ server, signal })) bytes += part.length;
  return bytes;
}

/** One line of JSON for each part, as the gateway sends them. */
async function byJson({ label, host, open, serverName, identity }: GrpcServer): Promise<number> {
  const channel = createHttpsChannel({ service: 'etcd', label, host, open, serverName, identity });
  const path = '/v3/maintenance/snapshot';
  const { chunks } = await channel.stream({ method: 'POST', path, body: '{}', timeoutMs: 60_000 });
  let bytes = 0;
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.bytes.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) bytes += Buffer.from(JSON.parse(line).result?.blob ?? '', 'base64').length;
  }
  channel.close();
  return bytes;
}

async function sample(way: Sample['way'], member: EtcdProcess): Promise<Sample> {
  const etcdBefore = cpuMsOf(member.pid());
  const before = process.cpuUsage();
  const began = performance.now();
  const bytes = await (way === 'grpc' ? byGrpc : byJson)(member.grpc);
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  return {
    way,
    bytes,
    ms: Math.round(ms),
    operatorCpuMs: Math.round((user + system) / 1000),
    etcdCpuMs: cpuMsOf(member.pid()) - etcdBefore,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

/** Values of 1 MiB, each under a key of its own. */
async function fill({ grpc }: EtcdProcess, mib: number): Promise<void> {
  const { label, host, open, serverName, identity } = grpc;
  const channel = createHttpsChannel({ service: 'etcd', label, host, open, serverName, identity });
  const value = Buffer.alloc(1024 ** 2, 'k8s').toString('base64');
  for (let index = 0; index < mib; index++) {
    const body = JSON.stringify({ key: Buffer.from(`key-${index}`).toString('base64'), value });
    const { status, text } = await channel.request({ method: 'POST', path: '/v3/kv/put', body });
    if (status !== 200) throw new Error(text);
  }
  channel.close();
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;

function summaryOf(samples: readonly Sample[], way: Sample['way']): Record<string, number> {
  const own = samples.filter((each) => each.way === way);
  const of = (pick: (each: Sample) => number): number => median(own.map(pick));
  return {
    medianMs: of(({ ms }) => ms),
    megabytesPerSecond: Math.round(of(({ bytes, ms }) => bytes / ms / 1000)),
    operatorCpuMs: of(({ operatorCpuMs }) => operatorCpuMs),
    etcdCpuMs: of(({ etcdCpuMs }) => etcdCpuMs),
  };
}

const pki = createOpensslPki();
const cluster = await createEtcdCluster({ binary: await etcdBinary(), pki, names: ['s4'] });
try {
  await cluster.start();
  const member = cluster.member('s4');
  await fill(member, Number(values.mib));
  // The first reads the database into the page cache, and is thrown away.
  await byGrpc(member.grpc);
  const grpcFirst: Sample[] = [];
  const others: Sample[] = [];
  // What is queued without limit for measuring comes last, or its peak would be that of both.
  for (let run = 0; run < Number(values.runs); run++) grpcFirst.push(await sample('grpc', member));
  for (let run = 0; run < Number(values.runs); run++) {
    others.push(await sample('json', member));
    others.push(await sample('grpc', member));
  }
  const samples = [...grpcFirst, ...others];
  const peakMiB = Math.max(...grpcFirst.map((each) => each.peakMiB));
  const grpc = { ...summaryOf(others, 'grpc'), peakMiB };
  const result = {
    schema: 1,
    what: 'a snapshot of one etcd over loopback with TLS, by gRPC and by the JSON gateway in turns',
    taken: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    grpc,
    json: summaryOf(others, 'json'),
    samples,
  };
  say(JSON.stringify({ grpc: result.grpc, json: result.json }));
  const out = values.out ?? join(dirname(fileURLToPath(import.meta.url)), 'results', 'snapshot.json');
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result)}\n`);
} finally {
  await cluster.remove();
  pki.remove();
}
