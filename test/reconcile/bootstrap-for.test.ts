import { expect, it } from 'vitest';
import { bootstrapFor } from '../../src/reconcile/desired-node.js';
import type { ClusterRecord, OriginRecord } from '../../src/state/records.js';
import { OPERATOR, sampleNode, sampleSpec } from '../helpers/sample-facts.js';
import { sampleOrders } from '../helpers/sample-orders.js';

function stateOf(origin?: OriginRecord): string | undefined {
  const etcd = { incarnation: 2, phase: 'bootstrapping' as const, token: 't', members: ['s4'], bootIds: {} };
  const record: ClusterRecord = {
    clusterId: 'c1',
    operator: OPERATOR,
    spec: sampleSpec(),
    etcd: { ...etcd, ...(origin && { origin }) },
  };
  const orders = sampleOrders({ members: { s4: 'bootstrap' } });
  const host = { node: sampleNode({ name: 's4' }) };
  return bootstrapFor({ host, peers: [], record, orders })?.initialClusterState;
}

it('a member of a restored life never begins anew beside the others, should its data be missing', () => {
  expect(stateOf()).toBe('new');
  expect(stateOf({ snapshot: '1-7', phase: 'restoring' })).toBe('existing');
});
