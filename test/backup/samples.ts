import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';

export function sampleSnapshot(changes: Partial<SnapshotInfo> = {}): SnapshotInfo {
  const { incarnation = 1, revision = '100' } = changes;
  return {
    version: 1,
    id: `${incarnation}-${revision}`,
    clusterId: 'c1',
    incarnation,
    etcdClusterId: '17',
    revision,
    etcd: '3.7.3',
    kubernetes: '1.37.2',
    encryptionKeys: [],
    keys: 300,
    objects: 200,
    sha256: 'a'.repeat(64),
    sizeBytes: 32,
    takenAt: '2026-11-30T10:00:00.000Z',
    node: 's4',
    reason: 'up',
    ...changes,
  };
}
