import { describe, expect, it } from 'vitest';
import { untilAborted } from '../../src/abort.js';
import { DisklessError } from '../../src/errors.js';
import { createArrivals } from '../../src/reconcile/arrivals.js';
import { NodeSession } from '../../src/reconcile/node-session.js';
import type { NodeWork, Reconciliation } from '../../src/reconcile/reconciliation.js';
import { upSequence } from '../../src/reconcile/up-sequence.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { RunEvent } from '../../src/runner/events.js';
import { runSequence } from '../../src/runner/run-sequence.js';
import type { StepResult } from '../../src/runner/sequence.js';
import type { Connection } from '../../src/ssh/transport.js';
import { sampleFacts, sampleNode } from '../helpers/sample-facts.js';

/* The order of `up` and some of its steps as they are; the others do nothing. */

const NODES = [sampleNode(), sampleNode({ name: 's5', role: 'worker' })];

interface Scenario {
  /** Steps that are the real ones. */
  real: readonly string[];
  sessions: (signal: AbortSignal) => NodeSession[];
  onEvent?: (event: RunEvent, stop: AbortController) => void;
}

function upWith({ real, sessions, onEvent = () => {} }: Scenario) {
  const stop = new AbortController();
  const { signal } = stop;
  const bus = createEventBus({
    sinks: [(event) => onEvent(event, stop)],
    monotonicMs: () => 0,
    wallClock: () => new Date(0),
  });
  const difference = { files: [], images: [], units: [], remove: ['/etc/kubernetes/unwanted'] };
  const work = NODES.map((node): [string, NodeWork] => {
    const arrivals = createArrivals(node.name, ['config', 'etcd', 'kube-apiserver', 'containerd', 'kubelet']);
    return [node.name, { node, facts: sampleFacts(), difference, arrivals } as unknown as NodeWork];
  });
  const record = { clusterId: 'c', etcd: { incarnation: 1 } };
  const context = {
    signal,
    bus,
    sessions: new Map(sessions(signal).map((session) => [session.name, session])),
    judgement: { verdict: { code: 'bootstrap' }, record, work: new Map(work) },
    memory: { tally: new Map() },
    options: {},
  } as unknown as Reconciliation;
  const run = async (): Promise<StepResult> => 'unchanged';
  const steps = upSequence.map((step) => (real.includes(step.id) ? step : { ...step, run }));
  return runSequence({ steps, nodes: NODES, context, bus, signal });
}

const sessionOf = (name: string, signal: AbortSignal, open: () => Promise<Connection>): NodeSession =>
  new NodeSession({ name, signal, open });

describe('files that nobody sends', () => {
  const real = ['send', 'first-files', 'send-worker', 'node', 'containerd', 'kubelet', 'proxy', 'images'];
  const waiting = ['node', 'containerd', 'kubelet', 'proxy', 'images'];

  it('are not waited for on a worker when the control plane is lost before it had its own', async () => {
    const lost = new DisklessError({ code: 'unreachable', message: 'it does not answer' });
    const sessions = (signal: AbortSignal) =>
      NODES.map(({ name }) => sessionOf(name, signal, () => Promise.reject(lost)));
    const reports = await upWith({ real, sessions });
    const outcomes = (node: string) =>
      reports.filter((report) => report.node === node && waiting.includes(report.step)).map(({ outcome }) => outcome);
    expect(reports.filter(({ outcome }) => outcome === 'failed')).toMatchObject([{ step: 'send', node: 's4' }]);
    expect(outcomes('s5')).toEqual(waiting.map(() => 'skipped'));
    expect(outcomes('s4')).toEqual(waiting.map(() => 'skipped'));
    expect(reports.find(({ step, node }) => step === 'node' && node === 's5')?.reason).toBe('its files did not arrive');
  });

  it('are not waited for after Ctrl-C', async () => {
    const sessions = (signal: AbortSignal) =>
      NODES.map(({ name }) => sessionOf(name, signal, () => untilAborted(new Promise(() => {}), signal)));
    const onEvent = (event: RunEvent, stop: AbortController): void => {
      const isWaiting = event.type === 'step-started' && event.step === 'node' && event.node === 's5';
      if (isWaiting) setImmediate(() => stop.abort());
    };
    const reports = await upWith({ real, sessions, onEvent });
    const cancelled = reports
      .filter(({ outcome }) => outcome === 'cancelled')
      .map(({ step, node }) => `${step} ${node}`);
    expect(cancelled).toEqual(
      expect.arrayContaining(['send s4', 'node s4', 'send-worker s5', 'node s5', 'kubelet s5']),
    );
  });
});
