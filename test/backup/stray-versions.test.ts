import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../src/backup/choose-snapshot.js';
import { assumedVersions, type StrayVersionsInput, strayVersions } from '../../src/backup/stray-versions.js';
import { sampleSpec } from '../helpers/sample-facts.js';
import { sampleSnapshot } from './samples.js';

const spec = sampleSpec();
const etcd = { incarnation: 4, phase: 'bootstrapped', token: 't', members: ['s4'], bootIds: {} } as const;
const recorded = { spec, etcd: { ...etcd, members: ['s4'] } };
const ofLife = sampleSnapshot({ incarnation: 2, kubernetes: '1.36.4', etcd: '3.6.9' });

const versions = (changes: Partial<StrayVersionsInput>) =>
  strayVersions({ incarnation: 2, member: undefined, snapshots: [], record: recorded, ...changes });

describe('what wrote a member’s data', () => {
  it('is said by the member and the snapshots of that life, before any record', () => {
    const found = versions({ member: '3.6.11', snapshots: [sampleSnapshot({ incarnation: 3 }), ofLife] });
    expect(found).toEqual({
      kubernetes: '1.36.4',
      etcd: '3.6.11',
      said: { kubernetes: 'snapshot', etcd: 'member' },
    });
    expect(versions({ snapshots: [ofLife] })).toMatchObject({ etcd: '3.6.9', said: { etcd: 'snapshot' } });
  });

  it('is what is recorded of that life; of another one it is a guess, but for a Kubernetes that was the same since', () => {
    const { kubernetes, etcd: version } = spec;
    const of = (incarnation: number, versionSince: number) =>
      versions({ incarnation, record: { ...recorded, etcd: { ...recorded.etcd, versionSince } } });
    expect(of(4, 3)).toEqual({ kubernetes, etcd: version, said: { kubernetes: 'record', etcd: 'record' } });
    expect(of(3, 3).said).toEqual({ kubernetes: 'record', etcd: 'guess' });
    expect(of(2, 3).said).toEqual({ kubernetes: 'guess', etcd: 'guess' });
    // Another version is recorded, and nothing has begun with it yet.
    expect(of(4, 5).said).toEqual({ kubernetes: 'guess', etcd: 'guess' });
  });

  it('where it is a guess is said with all that is judged by it', () => {
    const said = { kubernetes: 'guess', etcd: 'member' } as const;
    const stray = sampleSnapshot({ id: '1-100-s4', kubernetes: '1.35.2', stray: { how: 'file', versions: said } });
    const asked = { clusterId: 'c1', encryptionKeys: new Set<string>(), spec };
    const word = 'that Kubernetes 1.35.2 wrote it is assumed: nobody says so';
    expect(assumedVersions(stray)).toBe(word);
    expect(problemsOf(stray, asked).join()).toContain(`what 1.35.2 wrote (${word})`);
    // Sidecars of earlier releases do not say who said it.
    expect(assumedVersions({ ...stray, stray: { how: 'file' } })).toContain('Kubernetes 1.35.2 and etcd 3.7.3');
    const known = { kubernetes: 'record', etcd: 'record' } as const;
    expect(assumedVersions({ ...stray, stray: { how: 'file', versions: known } })).toBeUndefined();
    expect(assumedVersions(sampleSnapshot())).toBeUndefined();
  });
});
