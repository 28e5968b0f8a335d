import { OWN_PORTS } from '../../node/ports.js';
import { shellQuote } from '../../ssh/quote.js';
import type { BenchNode } from './bench-node.js';
import { growthOf, histogramTotals } from './prometheus.js';

const HISTOGRAMS = {
  walFsync: 'etcd_disk_wal_fsync_duration_seconds',
  backendCommit: 'etcd_disk_backend_commit_duration_seconds',
} as const;

export type EtcdReading = ReadonlyMap<string, string>;

/** Each member's metrics, over SSH: they are served on loopback only. A member that does not answer is left out. */
export async function readEtcd(members: readonly BenchNode[], signal: AbortSignal): Promise<EtcdReading> {
  const readings = members.map(async ({ name, session }): Promise<[string, string][]> => {
    const command = `curl -sSf --max-time 5 http://127.0.0.1:${OWN_PORTS.etcdMetrics.port}/metrics`;
    const { stdout, exitCode } = await session.exec(command, { label: 'read etcd metrics', timeoutMs: 10_000, signal });
    return exitCode === 0 ? [[name, stdout]] : [];
  });
  return new Map((await Promise.all(readings)).flat());
}

/** Growth between two readings of the members that answered both times. */
export function etcdGrowth(round: number, before: EtcdReading, after: EtcdReading) {
  return [...after].flatMap(([member, text]) => {
    const earlier = before.get(member);
    if (earlier === undefined) return [];
    const [walFsync, backendCommit] = Object.values(HISTOGRAMS).map((name) => {
      const [from, to] = [histogramTotals(earlier, name), histogramTotals(text, name)];
      return from && to && growthOf(from, to);
    });
    return walFsync && backendCommit ? [{ round, member, walFsync, backendCommit }] : [];
  });
}

/** e.g. `tmpfs`, where fsync costs nothing and keeps nothing. */
export async function etcdFilesystem({ session }: BenchNode, path: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await session.exec(shellQuote('stat', '-f', '-c', '%T', path), {
    label: 'look below etcd',
    root: true,
    signal,
  });
  return stdout.trim() || 'unknown';
}
