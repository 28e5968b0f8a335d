import { expect, it } from 'vitest';
import { DisklessError } from '../../../src/errors.js';
import type { Run } from '../../../src/reconcile/context.js';
import { nameEndedPods } from '../../../src/reconcile/steps/name-ended-pods.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import { virtualClock } from '../../helpers/virtual-clock.js';

const past = ['kept', 'new'].map((name) => ({ namespace: 'default', name, uid: `uid-${name}` }));

async function told(list: (path: string) => Promise<object>, pods = past) {
  const events: RunEvent[] = [];
  const { signal } = new AbortController();
  const context = {
    past: pods,
    signal,
    bus: createEventBus({ sinks: [(event) => events.push(event)], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    cluster: { kube: async () => ({ list }) },
    options: { clock: virtualClock(), readyTimeoutMs: 180_000 },
  } as unknown as Run & { past: typeof past };
  expect(await nameEndedPods(context, { node: 's7', step: 'ended-pods', signal, failed: new Set() })).toBe('unchanged');
  return events.map((event) => (event.type === 'note' ? `${event.level} ${event.node}: ${event.message}` : event.type));
}

it('names pods that the restored past does not know', async () => {
  const paths: string[] = [];
  const known = async (path: string) => {
    paths.push(path);
    return { items: [{ metadata: { name: 'kept', uid: 'uid-kept' } }, { metadata: { name: 'new', uid: 'another' } }] };
  };
  expect(await told(known)).toEqual([
    'warning s7: the restored past does not know these pods, and they end: default/new',
  ]);
  expect(paths).toEqual(['/api/v1/pods?fieldSelector=spec.nodeName%3Ds7']);
});

it('asks nobody where none ran, and fails nothing where it cannot be asked', async () => {
  const fails = () => Promise.reject(new DisklessError({ code: 'api-forbidden', message: 'forbidden' }));
  expect(await told(fails, [])).toEqual([]);
  expect(await told(fails)).toEqual(['warning s7: forbidden']);
});
