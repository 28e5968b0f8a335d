import { expect, test } from 'vitest';
import { recordsOf } from '../../src/changelog/records-of.js';
import type { WatchEvent } from '../../src/etcd/watch-messages.js';

const event = (revision: number, key: string, changes: Partial<WatchEvent> = {}): WatchEvent => ({
  kind: 'put',
  key,
  value: Buffer.from('v'),
  revision,
  lease: '0',
  ...changes,
});
const records = (after: number, events: WatchEvent[], revision = 100) =>
  recordsOf({ clusterId: '17', revision, events }, after, 5);
const span = (from: number) => ({ from, to: from, at: 5 });

test.each([
  '/registry/events/default/a',
  '/registry/masterleases/10.0.0.1',
  '/registry/leases/kube-node-lease/s4',
  '/registry/leases/kube-system/kube-scheduler',
  '/registry/leases/kube-system/kube-controller-manager',
  '/registry/leases/kube-system/apiserver-abc',
  'compact_rev_key',
])('of %s nothing is kept', (key) => {
  expect(records(6, [event(7, key)])).toEqual([{ kind: 'nothing', ...span(7) }]);
});

test.each([
  '/registry/leases/kube-system/my-controller',
  '/registry/leases/kube-system/kube-scheduler-of-mine',
  '/registry/leases/default/apiserver-mine',
  '/registry/events.example.com/default/a',
  'other',
])('%s is kept', (key) => {
  expect(records(6, [event(7, key)])).toMatchObject([{ changes: [{ kind: 'put', key }] }]);
});

test('what has a lease is gone, and one revision is one record', () => {
  const events = [event(7, 'a'), event(7, 'b', { lease: '9' }), event(8, 'c', { kind: 'delete' })];
  expect(records(6, events)).toEqual([
    {
      kind: 'changes',
      ...span(7),
      changes: [
        { kind: 'put', key: 'a', value: Buffer.from('v') },
        { kind: 'delete', key: 'b' },
      ],
    },
    { kind: 'changes', ...span(8), changes: [{ kind: 'delete', key: 'c' }] },
  ]);
});

test.each([
  ['between answers', 6, [event(8, 'a')]],
  ['within one', 6, [event(7, 'a'), event(9, 'b')]],
  ['at the end', 6, []],
  ['and what was told before', 6, [event(6, 'a')]],
])('a hole is seen: %s', (_where, after, events) => {
  expect(() => records(after, events, 9)).toThrowError(expect.objectContaining({ code: 'log-hole' }));
});
