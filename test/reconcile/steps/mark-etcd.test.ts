import { expect, it } from 'vitest';
import type { OperatorMark } from '../../../src/node/operator-mark.js';
import type { Judged } from '../../../src/reconcile/context.js';
import { markEtcd } from '../../../src/reconcile/steps/mark-etcd.js';
import type { RunEvent } from '../../../src/runner/events.js';
import { FakeEtcd, FakeEtcdCluster } from '../../helpers/fake-etcd.js';
import { sampleOrders } from '../../helpers/sample-orders.js';
import { virtualClock } from '../../helpers/virtual-clock.js';

const KEY = 'k8s-diskless/operator';

function runWith(operator: OperatorMark, found?: string, phase = 'bootstrapped') {
  const etcd = new FakeEtcd({ s4: '10.0.0.4' });
  if (found !== undefined) etcd.values.set(KEY, Buffer.from(found));
  const { signal } = new AbortController();
  const told: Partial<RunEvent>[] = [];
  const orders = sampleOrders({ code: 'healthy' });
  const context = {
    signal,
    bus: { emit: (event: RunEvent) => told.push(event) },
    cluster: new FakeEtcdCluster(etcd),
    memory: { tally: new Map(), record: { operator, etcd: { phase } } },
    judgement: { orders: { ...orders, quorum: { ...orders.quorum, through: ['s4'] } } },
    options: { readyTimeoutMs: 1_000, clock: virtualClock() },
  } as unknown as Judged;
  const mark = () => markEtcd(context, { node: '', step: 'mark', signal, failed: new Set() });
  return { mark, told, value: () => etcd.values.get(KEY)?.toString() };
}

it.each([undefined, '1 a1'])('notes in etcd which copy of the state acts, over %s, once', async (found) => {
  const run = runWith({ id: 'b2', generation: 2 }, found);
  expect(await run.mark()).toBe('changed');
  expect(run.value()).toBe('2 b2');
  expect(run.told).toMatchObject([{ type: 'change', what: 'note in etcd that generation 2 of the state acts' }]);
  expect(await run.mark()).toBe('unchanged');
});

it('changes nothing for the first copy, nor where etcd was not brought up whole', async () => {
  const first = runWith({ id: 'a1', generation: 1 });
  expect([await first.mark(), first.value(), first.told]).toEqual(['unchanged', undefined, []]);
  const begun = runWith({ id: 'b2', generation: 2 }, undefined, 'bootstrapping');
  expect([await begun.mark(), begun.value()]).toEqual(['unchanged', undefined]);
});

it.each(['3 c3', '2 c3'])('leaves what another copy noted meanwhile: %s', async (found) => {
  const run = runWith({ id: 'b2', generation: 2 }, found);
  await expect(run.mark()).rejects.toMatchObject({ code: 'operator-superseded', exit: 5 });
  expect(run.value()).toBe(found);
});
