import { expect, it } from 'vitest';
import { EXIT } from '../../src/errors.js';
import type { Run } from '../../src/reconcile/context.js';
import { noteProven } from '../../src/reconcile/note-proven.js';
import type { ClusterRecord } from '../../src/state/records.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';

function runWith(operator: ClusterRecord['operator']) {
  const etcd = { incarnation: 2, phase: 'bootstrapped' as const, token: 't', members: ['s4'], bootIds: {} };
  const record: ClusterRecord = { clusterId: 'c', operator, spec: sampleSpec(), etcd };
  const saved: ClusterRecord[] = [];
  const state = { saveCluster: async (next: ClusterRecord) => void saved.push(next) };
  return { record, saved, run: { options: { state }, memory: { record } } as unknown as Run };
}

it('a copy with which an up ended well is no older than the cluster, and is recorded so', async () => {
  const { record, saved, run } = runWith({ ...OPERATOR, unproven: true });
  for (const exit of [EXIT.partial, EXIT.failed, EXIT.refused]) await noteProven(run, exit);
  expect(saved).toEqual([]);
  await noteProven(run, EXIT.done);
  expect(saved).toEqual([{ ...record, operator: OPERATOR }]);
});

it('nothing is written where that is known', async () => {
  const { saved, run } = runWith(OPERATOR);
  await noteProven(run, EXIT.done);
  expect(saved).toEqual([]);
});
