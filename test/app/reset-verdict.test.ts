import { expect, it } from 'vitest';
import { requireUnrecorded, resetVerdict } from '../../src/app/reset-verdict.js';
import type { EtcdDataFact, MarkerFact } from '../../src/facts/facts.js';
import type { ClusterRecord, NodeRecord } from '../../src/state/records.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';

/* A machine that is no node of the record, and what may go from it. */

const spec = sampleSpec();
const [node] = spec.nodes;
if (node === undefined) throw new Error('a cluster has nodes');
const etcd = { incarnation: 2, phase: 'bootstrapped' as const, token: 't2', members: [], bootIds: {} };
const record: ClusterRecord = { clusterId: 'c1', operator: OPERATOR, spec, etcd };

const marker = (more: Partial<MarkerFact> = {}): MarkerFact => ({
  clusterId: 'c1',
  incarnation: 2,
  files: [],
  units: {},
  images: [],
  ...more,
});
const DATA: EtcdDataFact = { present: true, clusterId: 'c1', incarnation: 2, token: 't2', memberId: 'e1', open: true };

function verdict(given: {
  record?: ClusterRecord | undefined;
  boots?: string;
  marker?: MarkerFact;
  data?: Partial<EtcdDataFact>;
}) {
  const nodeRecords = new Map<string, NodeRecord>();
  if (given.boots !== undefined) nodeRecords.set('s4', { bootId: given.boots, name: 's4' } as NodeRecord);
  const question = { name: 's9', record: 'record' in given ? given.record : record, nodeRecords };
  const etcdData = given.data ? { ...DATA, ...given.data } : { present: false };
  return () => resetVerdict(question, { bootId: 'b9', marker: given.marker ?? marker(), etcdData });
}

it('a node of the record, and one whose removal is not finished, are for remove', () => {
  const refused = { code: 'reset-of-node', exit: 5, hint: expect.stringContaining(`remove ${node.name} `) };
  expect(() => requireUnrecorded({ name: node.name, record })).toThrow(expect.objectContaining(refused));
  const leaving = { ...record, leaving: [{ ...node, name: 's9' }] };
  expect(() => requireUnrecorded({ name: 's9', record: leaving })).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('remove s9 ') }),
  );
  expect(() => requireUnrecorded({ name: 's9', record })).not.toThrow();
  expect(() => requireUnrecorded({ name: 's9', record: undefined })).not.toThrow();
});

it('a node under another name is known by its boot', () => {
  const refused = { code: 'reset-of-node', host: 's9', hint: expect.stringContaining('remove s4 ') };
  expect(verdict({ boots: 'b9' })).toThrow(expect.objectContaining(refused));
  expect(verdict({ boots: 'b8' })()).toBeUndefined();
});

it('a machine of another cluster is left to the state of that one; without a record nobody knows better', () => {
  const foreign = marker({ clusterId: 'c2' });
  expect(verdict({ marker: foreign })).toThrow(expect.objectContaining({ code: 'reset-other-cluster', exit: 5 }));
  expect(verdict({ marker: foreign, record: undefined })()).toBeUndefined();
});

it('a copy of the state that another one has outrun may not know that the machine is in use', () => {
  const later = marker({ operator: { id: 'beef', generation: OPERATOR.generation + 1 } });
  expect(verdict({ marker: later })).toThrow(expect.objectContaining({ code: 'operator-superseded' }));
});

it('etcd data of the recorded life may go where its members prove that they have it', () => {
  expect(verdict({ data: {} })()).toEqual({ memberId: 'e1' });
});

it.each<[string, Partial<EtcdDataFact>]>([
  ['of an older life', { incarnation: 1 }],
  ['of another copy’s life', { token: 't3' }],
  ['of another cluster', { clusterId: 'c2' }],
  ['of nobody', { clusterId: undefined } as object],
  ['that does not say of which member', { memberId: undefined } as object],
])('etcd data %s is not deleted', (_title, data) => {
  expect(verdict({ data })).toThrow(expect.objectContaining({ code: 'reset-etcd-data', exit: 5, host: 's9' }));
});

it('nor any of it where no cluster is recorded, or the recorded one was never up whole', () => {
  expect(verdict({ data: {}, record: undefined })).toThrow(expect.objectContaining({ code: 'reset-etcd-data' }));
  const begun = { ...record, etcd: { ...etcd, phase: 'bootstrapping' as const } };
  expect(verdict({ data: {}, record: begun })).toThrow(expect.objectContaining({ code: 'reset-etcd-data' }));
});
