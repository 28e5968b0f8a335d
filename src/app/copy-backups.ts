import { setTimeout as sleep } from 'node:timers/promises';
import { copySnapshots } from '../backup/copy-snapshots.js';
import type { RecordedCluster } from '../cluster/recorded-cluster.js';
import type { DisklessError } from '../errors.js';

/** Brings what is kept to where the record says that copies go. @returns why not all of it is there */
export function copyBackups(
  { state, record }: RecordedCluster,
  now: () => Date,
  signal: AbortSignal,
): Promise<DisklessError | undefined> {
  const { clusterId, spec } = record;
  return copySnapshots({
    state,
    owner: { cluster: spec.name, clusterId },
    settings: spec.backup,
    env: process.env,
    now,
    sleep: (ms, abort) => sleep(ms, undefined, { signal: abort }),
    signal,
  });
}
