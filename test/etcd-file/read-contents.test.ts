import { beforeAll, describe, expect, it } from 'vitest';
import { type Contents, readContents } from '../../src/etcd-file/read-contents.js';
import { fixture, withDatabase } from './fixture.js';
import { SAMPLE_KEYS, SAMPLE_OBJECTS, SAMPLE_TOTAL } from './sample-store.js';

const contentsOf = (bytes: Buffer) => withDatabase(bytes, (database) => readContents({ database }));

describe.each([
  ['3.5', undefined],
  ['3.7', '3.7.0'],
] as const)('a snapshot of etcd %s', (series, storageVersion) => {
  let read: Contents;
  beforeAll(async () => {
    read = await contentsOf(fixture(`snapshot-${series}`));
  });

  it('has what was put and not deleted', async () => {
    expect(read).toMatchObject({
      revision: '65',
      servedRevision: '65',
      liveKeys: SAMPLE_KEYS,
      isBumped: false,
      objects: SAMPLE_TOTAL,
    });
    expect(read.objectsByResource).toEqual(SAMPLE_OBJECTS);
  });

  it('names the keys that its live values are encrypted with', () => {
    expect(read.encryptionKeys).toEqual([
      { provider: 'aescbc', name: 'before' },
      { provider: 'secretbox', name: 'today' },
    ]);
  });

  it('says how far its member had come', () => {
    const compacted = { scheduledCompactRevision: '13', finishedCompactRevision: '13' };
    expect(read.meta).toMatchObject({ term: '2', storageVersion, ...compacted });
    expect(Number(read.meta.consistentIndex)).toBeGreaterThan(65);
  });

  it('knows members, former members and alarms by identifiers of 64 bits', () => {
    const { membership, alarms } = read;
    const { members, removedMembers, clusterVersion, downgrade } = membership;
    expect({ clusterVersion, downgrade }).toEqual({
      clusterVersion: `${series}.0`,
      downgrade: { enabled: false, targetVersion: '' },
    });
    expect(members.map(({ name, isLearner, peerUrls }) => [name, isLearner, peerUrls.length])).toEqual([
      ['only', false, 1],
      ['', true, 2],
    ]);
    expect(BigInt(members[0]?.id ?? 0)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
    expect(alarms).toEqual([{ memberId: removedMembers[0], alarm: 'NOSPACE' }]);
  });
});

it('tells a database that was restored with its revision raised', async () => {
  const { revision, isBumped, liveKeys, meta, membership } = await contentsOf(fixture('bumped-3.7'));
  expect({ revision, isBumped, liveKeys }).toEqual({ revision: '1000000065', isBumped: true, liveKeys: SAMPLE_KEYS });
  expect(meta.scheduledCompactRevision).toBe('1000000065');
  expect(membership.members.map(({ name }) => name)).toEqual(['default']);
  expect(membership.removedMembers).toEqual([]);
});
