import { expect, it } from 'vitest';
import type { OperatorMark } from '../../src/node/operator-mark.js';
import type { PassResult } from '../../src/reconcile/pass.js';
import { writeClusterRecord } from '../../src/state/record-files.js';
import { livingCluster, NAMES } from './living-cluster.js';

/* A living cluster, and two copies of the state that it is recorded in. */

async function copiesOfState() {
  const { state, record, ...living } = await livingCluster();
  /** Which copy of the state the next run has. */
  const actAs = (operator: OperatorMark) =>
    writeClusterRecord(state, { ...record, operator, etcd: { ...record.etcd, phase: 'bootstrapped' } });
  return { ...living, operator: record.operator, actAs };
}

const errorsOf = ({ reports }: PassResult) => reports.flatMap(({ error }) => (error ? [error] : []));
const changesOf = ({ reports }: PassResult) =>
  reports.flatMap(({ step, node, outcome }) => (outcome === 'changed' ? [`${step} ${node}`] : []));

it('a copy that is taken into use is noted on every node, once, and nothing else is done there', async () => {
  const { fleet, operator, actAs, up } = await copiesOfState();
  expect(fleet.nodes.map((node) => node.operator)).toEqual(NAMES.map(() => operator));
  const later = { id: 'b2', generation: 2 };
  await actAs(later);
  const noted = await up();
  expect(errorsOf(noted)).toEqual([]);
  expect(changesOf(noted).toSorted()).toEqual(NAMES.map((name) => `send ${name}`));
  for (const node of fleet.nodes) {
    expect(node.operator).toEqual(later);
    expect(node.deliveries.at(-1)).toMatchObject({ segments: new Map(), removed: [] });
  }
  expect(changesOf(await up())).toEqual([]);
});

it('of two, the earlier one does nothing: a node has seen the later', async () => {
  const { fleet, members, up } = await copiesOfState();
  const [, node] = fleet.nodes;
  if (node) node.operator = { id: 'b2', generation: 2 };
  const deliveries = fleet.nodes.map((each) => each.deliveries.length);
  const refused = await up();
  expect(errorsOf(refused)[0]).toMatchObject({
    code: 'operator-superseded',
    exit: 5,
    message: 'another copy of this state is in use: n2 knows it as generation 2, and this one is generation 1',
    hint: expect.stringContaining('k8s-diskless state take-back --above 2'),
  });
  expect(changesOf(refused)).toEqual([]);
  expect(fleet.nodes.map((each) => each.deliveries.length)).toEqual(deliveries);
  expect(members.asked).toEqual([]);
});

it('of two, the earlier one does nothing: etcd has seen the later, and every node has forgotten', async () => {
  const { fleet, members, up } = await copiesOfState();
  for (const node of fleet.nodes) node.operator = undefined;
  members.values.set('k8s-diskless/operator', Buffer.from('2 b2'));
  const refused = await up();
  expect(errorsOf(refused)[0]).toMatchObject({
    code: 'operator-superseded',
    message: expect.stringContaining('etcd knows it as generation 2'),
  });
  expect(changesOf(refused)).toEqual([]);
});
