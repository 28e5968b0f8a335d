import { describe, expect, it } from 'vitest';
import { type RestorableInput, restoreProblems } from '../../src/backup/restorable.js';
import { sampleSnapshot } from './samples.js';

const problems = (changes: Partial<RestorableInput> = {}): string[] =>
  restoreProblems({
    snapshot: sampleSnapshot({ encryptionKeys: ['key-1'] }),
    clusterId: 'c1',
    encryptionKeys: new Set(['key-1', 'key-2']),
    toolProblem: undefined,
    ...changes,
  });

describe('restoreProblems', () => {
  it('has none for a snapshot of this cluster whose keys and tool are there', () => {
    expect(problems()).toEqual([]);
    expect(problems({ snapshot: sampleSnapshot(), encryptionKeys: new Set() })).toEqual([]);
  });

  it('names another cluster, and every key that is missing', () => {
    expect(problems({ clusterId: 'c2' })).toEqual(['it is of another cluster']);
    const snapshot = sampleSnapshot({ encryptionKeys: ['key-0', 'key-1', 'key-9'] });
    expect(problems({ snapshot })).toEqual(['the encryption key key-0, key-9 is missing from pki/']);
  });

  it('names a Kubernetes that this release knows nothing of', () => {
    for (const kubernetes of ['1.30.1', '1.99.0', 'nonsense'])
      expect(problems({ snapshot: sampleSnapshot({ kubernetes }) })).toEqual([expect.stringContaining(kubernetes)]);
  });

  it('passes on why the tool cannot be had, after all others', () => {
    const toolProblem = 'etcdutl 3.7.3 is not in the cache';
    expect(problems({ toolProblem })).toEqual([toolProblem]);
    expect(problems({ toolProblem, clusterId: 'c2', encryptionKeys: new Set() })).toEqual([
      'it is of another cluster',
      'the encryption key key-1 is missing from pki/',
      toolProblem,
    ]);
  });
});
