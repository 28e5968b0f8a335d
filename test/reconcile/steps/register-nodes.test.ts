import { expect, it } from 'vitest';
import type { JudgedRun } from '../../../src/reconcile/context.js';
import type { NodeWork } from '../../../src/reconcile/judgement.js';
import { isRegistered, registerNodes } from '../../../src/reconcile/steps/register-nodes.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import { clusterOf } from '../../cluster/fake-session.js';
import { answer } from '../../helpers/fake-apiserver.js';
import { sampleSpec } from '../../helpers/sample-facts.js';
import { useFakeCluster } from '../../kube/setup.js';

const cluster = useFakeCluster();

it('counts what it changes, and keeps a pod CIDR that cannot be changed to its own node', async () => {
  const { signal } = new AbortController();
  const spec = sampleSpec();
  const events: RunEvent[] = [];
  const tally = new Map<string, { changes: number }>();
  const moved = { metadata: { name: 's6', resourceVersion: '1' }, spec: { podCIDR: '10.244.9.0/24' } };
  cluster.server
    .on('GET', '/api/v1/nodes', answer(200, { metadata: { resourceVersion: '1' }, items: [moved] }))
    .on('POST', '/api/v1/nodes', answer(201, {}));
  const context = {
    signal,
    bus: createEventBus({ sinks: [(event) => events.push(event)], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    cluster: clusterOf([], { kube: async () => cluster.client }),
    memory: { tally },
    judgement: { work: new Map(spec.nodes.map((node) => [node.name, { node, nodeIp: '10.0.0.4' } as NodeWork])) },
    options: { spec, readyTimeoutMs: 1, clock: { sleep: async () => {}, monotonicMs: () => 0 } },
  } as unknown as JudgedRun;
  const at = (node: string) => ({ node, step: 'register', signal, failed: new Set<string>() });
  const { outcome, gives: unregistered } = await registerNodes(context, at(''));
  expect(outcome).toBe('changed');
  expect(await isRegistered({ unregistered }, at('s4'))).toBe('unchanged');
  expect(await isRegistered({ unregistered }, at('s5'))).toBe('unchanged');
  expect(events).toMatchObject([
    { type: 'change', node: 's4', what: 'node object' },
    { type: 'change', node: 's5', what: 'node object' },
  ]);
  expect([...tally].map(([node, { changes }]) => [node, changes])).toEqual([
    ['s4', 1],
    ['s5', 1],
  ]);
  await expect(isRegistered({ unregistered }, at('s6'))).rejects.toMatchObject({
    code: 'node-pod-cidr-mismatch',
    host: 's6',
  });
});
