import { describe, expect, it } from 'vitest';
import { NODE_LEFT_OUT, SKIPS } from './data.js';
import { labelled, parseTestList, SHARDS, shard, withoutKinds, withoutSkips } from './select.js';

const LIST = `The following spec names can be used with 'ginkgo run --focus/skip':
    k8s.io/kubernetes/test/e2e/apps/job.go:12: [sig-apps] Job should run (twice): a|b [Conformance]
    k8s.io/kubernetes/test/e2e/node/pods.go:7: [sig-node] Pods should be [Conformance] [NodeConformance]
    k8s.io/kubernetes/test/e2e/node/taints.go:8: [sig-node] Taints should evict [Conformance] [Disruptive] [Serial]
    ../../node/other.go:9: [sig-node] Other should not

`;
const NAMES = parseTestList(LIST);
const [JOB = '', PODS = '', TAINTS = ''] = NAMES;

it('names of tests are what follows their place', () => {
  expect(NAMES).toEqual([
    '[sig-apps] Job should run (twice): a|b [Conformance]',
    '[sig-node] Pods should be [Conformance] [NodeConformance]',
    '[sig-node] Taints should evict [Conformance] [Disruptive] [Serial]',
    '[sig-node] Other should not',
  ]);
});

it('a label is one word of the name', () => {
  expect(labelled(NAMES, 'Conformance')).toEqual([JOB, PODS, TAINTS]);
  expect(labelled(NAMES, 'NodeConformance')).toEqual([PODS]);
});

describe('tests to skip', () => {
  it('are left out, each by its whole name', () => {
    expect(withoutSkips(NAMES, [])).toEqual(NAMES);
    expect(withoutSkips([JOB, PODS], [{ name: JOB, reason: 'no world' }])).toEqual([PODS]);
  });

  it.each([
    ['a part of a name', [{ name: JOB.slice(0, -1), reason: 'r' }], 'no test is called'],
    ['a test that is gone', [{ name: 'gone', reason: 'r' }], 'no test is called gone'],
    ['the same twice', [JOB, JOB].map((name) => ({ name, reason: 'r' })), `named twice: ${JOB}`],
    ['no reason', [{ name: JOB, reason: ' ' }], `without a reason: ${JOB}`],
  ])('%s is an error', (_title, skips, detail) => {
    expect(() => withoutSkips(NAMES, skips)).toThrow(
      expect.objectContaining({ code: 'conformance-skips', detail: expect.stringContaining(detail) }),
    );
  });

  it('have a reason, all of them', () => {
    for (const { name, reason } of SKIPS) expect(reason, name).toMatch(/\w/);
    for (const { pattern, reason } of NODE_LEFT_OUT) expect(reason, pattern).toMatch(/\w/);
  });
});

describe('kinds of tests', () => {
  it('are left out where a pattern matches', () => {
    expect(withoutKinds(NAMES, [{ pattern: '\\[Serial\\]', reason: 'r' }])).not.toContain(TAINTS);
  });

  it('that there are none of are an error', () => {
    expect(() => withoutKinds(NAMES, [{ pattern: 'Windows', reason: 'r' }])).toThrow(
      expect.objectContaining({ code: 'conformance-kinds', detail: 'Windows' }),
    );
  });
});

it('each test is in one shard, and nobody is beside one that bears nobody', () => {
  const shards = SHARDS.map((part) => shard(NAMES, part));
  expect(shards.flat().toSorted()).toEqual(NAMES.toSorted());
  expect(shards.map((tests) => tests.length)).toEqual([2, 1, 1, 0]);
  expect(SHARDS.filter(({ alone }) => alone).flatMap((part) => shard(NAMES, part))).toEqual([TAINTS]);
});
