import { describe, expect, it } from 'vitest';
import { untilAborted } from '../../src/abort.js';
import { NodeSession } from '../../src/cluster/node-session.js';
import { DisklessError, EXIT } from '../../src/errors.js';
import { createArrivals } from '../../src/reconcile/arrivals.js';
import type { Pass } from '../../src/reconcile/context.js';
import type { NodeWork } from '../../src/reconcile/judgement.js';
import { outcomeOf } from '../../src/reconcile/outcome.js';
import { planSequence, upSequence } from '../../src/reconcile/up-sequence.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { RunEvent } from '../../src/runner/events.js';
import { runSequence } from '../../src/runner/run-sequence.js';
import type { StepPlace, StepResult } from '../../src/runner/sequence.js';
import type { Connection } from '../../src/ssh/transport.js';
import { clusterOf, type FakeConnection, fakeConnection, sessionOver } from '../cluster/fake-session.js';
import { OPERATOR, sampleFacts, sampleNode } from '../helpers/sample-facts.js';
import { sampleOrders } from '../helpers/sample-orders.js';

/* The order of `up` and some of its steps as they are; the others do nothing, or what is scripted. */

const NODES = [sampleNode(), sampleNode({ name: 's5', role: 'worker' })];

interface Scenario {
  /** Steps that are the real ones. */
  real: readonly string[];
  sessions: (signal: AbortSignal) => NodeSession[];
  /** What the others do. */
  scripted?: (place: StepPlace) => Promise<void>;
  onEvent?: (event: RunEvent, stop: AbortController) => void;
}

function upWith({ real, sessions, scripted = async () => {}, onEvent = () => {} }: Scenario) {
  const stop = new AbortController();
  const { signal } = stop;
  const bus = createEventBus({
    sinks: [(event) => onEvent(event, stop)],
    monotonicMs: () => 0,
    wallClock: () => new Date(0),
  });
  const difference = { files: [], images: [], units: [], kernel: [], remove: ['/etc/kubernetes/unwanted'] };
  const works = NODES.map((node): [string, NodeWork] => {
    const arrivals = createArrivals(node.name, ['config', 'etcd', 'kube-apiserver', 'containerd', 'kubelet']);
    return [node.name, { node, facts: sampleFacts(), difference, arrivals } as unknown as NodeWork];
  });
  const record = { clusterId: 'c', operator: OPERATOR, etcd: { incarnation: 1 } };
  const services = {
    signal,
    bus,
    cluster: clusterOf(sessions(signal)),
    memory: { tally: new Map() },
    links: { cutOff: () => new Promise(() => {}), found: () => undefined },
    options: { clock: { sleep: () => new Promise(() => {}) } },
  } as unknown as Pass;
  const work = new Map(works);
  const judgement = { orders: sampleOrders({ quorum: { state: 'made', through: ['s4'] } }), record, work };
  const run = async (_context: unknown, place: StepPlace): Promise<StepResult> => {
    await scripted(place);
    const { node, step } = place;
    return {
      outcome: 'unchanged',
      gives: ['judge', 'strays'].includes(step) ? judgement : step === 'preflight' ? work.get(node) : {},
    };
  };
  const steps = upSequence.map((step) => (real.includes(step.id) ? step : { ...step, run }));
  return runSequence({ steps, nodes: NODES, services, bus, signal });
}

const sessionOf = (name: string, signal: AbortSignal, open: () => Promise<Connection>): NodeSession =>
  new NodeSession({ name, signal, open });

it.each([
  ['up', upSequence],
  ['plan', planSequence],
])('the list of %s can be read from above: each step stands below those that it needs', (_command, steps) => {
  const ids = steps.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [place, { id, needs }] of steps.entries()) {
    const above = ids.slice(0, place);
    for (const { step } of Object.values(needs)) expect(above, `what ${id} needs`).toContain(step.id);
  }
});

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

describe('before the cluster is verified', () => {
  const inBoot = (bootId: string): FakeConnection => fakeConnection(() => ({ stdout: bootId }));

  /** s5 was Ready long ago, and then `meanwhile` happens while s4 becomes so. */
  async function verified(links: FakeConnection[], meanwhile: () => Promise<unknown>) {
    const workers = sessionOver('s5', links);
    await workers.connection();
    workers.pinEpoch({ bootId: 'one' });
    let tell = (): void => {};
    const isReady = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const leftOut: string[] = [];
    const reports = await upWith({
      real: ['same-boot'],
      sessions: () => [sessionOver('s4', [inBoot('one')]), workers],
      async scripted({ step, node, failed }) {
        if (step === 'verify') leftOut.push(...failed);
        if (step === 'ready' && node === 's4') await isReady.then(meanwhile);
      },
      onEvent: (event) => {
        if (event.type === 'step-finished' && event.step === 'ready' && event.node === 's5') tell();
      },
    });
    return { leftOut, ...outcomeOf({ reports, command: 'up', interrupted: false }) };
  }

  it('a node that rebooted after its own last step is found, and left out', async () => {
    const link = inBoot('one');
    const { leftOut, exit, errors } = await verified([link, inBoot('two')], () => {
      link.lose();
      return link.connection.closed;
    });
    expect({ leftOut, exit }).toEqual({ leftOut: ['s5'], exit: EXIT.partial });
    expect(errors).toMatchObject([{ code: 'rebooted', host: 's5' }]);
  });

  it('nobody is asked whose connection lives', async () => {
    const { leftOut, exit } = await verified([inBoot('one')], async () => {});
    expect({ leftOut, exit }).toEqual({ leftOut: [], exit: EXIT.done });
  });
});
