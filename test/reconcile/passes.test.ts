import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeSpec } from '../../src/config/spec.js';
import { DisklessError, EXIT } from '../../src/errors.js';
import type { NodeFacts } from '../../src/facts/facts.js';
import { createConnectRetry } from '../../src/reconcile/connect-retry.js';
import type { Pass, Run } from '../../src/reconcile/context.js';
import type { Judgement, NodeWork } from '../../src/reconcile/judgement.js';
import { passes } from '../../src/reconcile/passes.js';
import { takeWork } from '../../src/reconcile/steps/preflight.js';
import { awaitReadings } from '../../src/reconcile/steps/read-facts.js';
import { Deferral } from '../../src/runner/deferral.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { RunEvent } from '../../src/runner/events.js';
import { type Step, same, stepsOn } from '../../src/runner/sequence.js';
import { sampleNode, sampleSpec } from '../helpers/sample-facts.js';
import { sampleOrders } from '../helpers/sample-orders.js';

/* The real passes, barrier and preflight's end; what a pass finds out of machines is scripted. */

const cluster = stepsOn<Pass, 'cluster'>('cluster');
const everyNode = stepsOn<Pass, 'every-node'>('every-node');

interface Scenario {
  command?: 'up' | 'plan';
  /** Resolves when the node's facts are read, in each pass anew. */
  read?: (node: string, pass: number) => Promise<void>;
  orders?: Judgement['orders'];
  /** What a step of a node ends with after preflight. */
  work?: (node: string, pass: number) => void;
  judge?: (pass: number) => void;
  verify?: (pass: number) => void;
  nodes?: NodeSpec[];
  /** Who is still waited for when planning begins; with it, machines are. */
  late?: (node: string, pass: number) => boolean;
}

async function runOf({ command = 'up', read, orders, work, judge, verify, nodes, late }: Scenario) {
  const spec = sampleSpec(nodes && { nodes });
  const events: RunEvent[] = [];
  const { signal } = new AbortController();
  const bus = createEventBus({
    sinks: [(event) => events.push(event)],
    monotonicMs: () => 0,
    wallClock: () => new Date(0),
  });
  let pass = 0;
  const facts = everyNode('facts', 'facts', {}, async ({ barrier }, { node }) => {
    if (node === 's4') pass += 1;
    await read?.(node, pass);
    if (late?.(node, pass)) {
      const deferral = new Deferral(node, 'it does not answer yet', 'host-answers');
      barrier.settle(node, deferral);
      throw deferral;
    }
    barrier.settle(node, {} as NodeFacts);
    return 'unchanged' as const;
  });
  const awaitFacts = cluster('await-facts', 'facts of all', {}, awaitReadings);
  const scriptedJudge = cluster('judge', 'judge', { read: same(awaitFacts) }, async ({ read: hosts }) => {
    judge?.(pass);
    const takesPart = (name: string) => hosts.facts.has(name) && orders?.members.get(name)?.do !== 'wait';
    const names = spec.nodes.map(({ name }) => name).filter(takesPart);
    const judgement = {
      orders: orders ?? sampleOrders(),
      work: new Map(names.map((name) => [name, {} as NodeWork])),
    } as unknown as Judgement;
    return { outcome: 'unchanged' as const, gives: judgement };
  });
  const hosts = cluster('hosts', 'hosts', { read: same(awaitFacts) }, async ({ read: { unread } }) => ({
    outcome: 'unchanged' as const,
    gives: { unread, rejected: new Map() },
  }));
  const preflight = everyNode(
    'preflight',
    'preflight',
    { facts: same(facts), hosts: same(hosts), judgement: same(scriptedJudge) },
    takeWork,
  );
  const steps: Step<Pass>[] = [
    facts,
    awaitFacts,
    scriptedJudge,
    hosts,
    preflight,
    everyNode('work', 'work', { own: same(preflight) }, async (_context, { node }) => {
      work?.(node, pass);
      return 'unchanged' as const;
    }),
    cluster('verify', 'verify', { judgement: same(scriptedJudge) }, async () => {
      verify?.(pass);
      return 'unchanged' as const;
    }),
  ];
  const retry = createConnectRetry({
    connect: async () => {},
    waitMs: late ? 1 : 0,
    monotonicMs: () => 0,
    sleep: async () => {},
    onWait: () => {},
  });
  const clock = { sleep: () => new Promise(() => {}) };
  const options = { spec, readyTimeoutMs: 1, lost: new Set(), clock };
  const machines = { session: () => ({ isConnected: true }), kube: async () => undefined };
  const run = { bus, signal, retry, options, cluster: machines, memory: {} } as unknown as Run;
  const { values, outcome } = await passes(run, command, steps);
  const again = events.filter((event) => event.type === 'note' && event.code === 'another-pass');
  return { pass, judgement: values.of(scriptedJudge), again: again.length, ...outcome };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Lets time go on for as long as anything waits for it. */
async function finished<T>(run: Promise<T>): Promise<T> {
  const ended = run.finally(() => {
    over = true;
  });
  let over = false;
  while (!over) await vi.advanceTimersByTimeAsync(100);
  return ended;
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('passes', () => {
  it('makes one when everybody was there', async () => {
    expect(await finished(runOf({}))).toMatchObject({ pass: 1, again: 0, exit: EXIT.done });
  });

  it('takes a worker in that is always late: a second pass waits for it', async () => {
    const late = runOf({ read: (node) => later(node === 's6' ? 3_000 : 0) });
    const { pass, exit, judgement } = await finished(late);
    expect({ pass, exit }).toEqual({ pass: 2, exit: EXIT.done });
    expect(judgement?.work.has('s6')).toBe(true);
  });

  it('ends with 3 when somebody was left out of the last pass too', async () => {
    const orders = sampleOrders({ code: 'revive', members: { s4: 'keep', s5: 'wait' } });
    const { pass, exit, errors } = await finished(runOf({ orders }));
    expect({ pass, exit }).toEqual({ pass: 3, exit: EXIT.partial });
    expect(errors).toMatchObject([{ code: 'left-out', host: 's5', hint: 'run the same command again' }]);
  });

  it('makes another for a node that rebooted in the middle, and three at most', async () => {
    const rebooted = new DisklessError({ code: 'rebooted', message: 'it was rebooted' });
    const reboot = (until: number) => (node: string, pass: number) => {
      if (node === 's5' && pass <= until) throw rebooted;
    };
    expect(await finished(runOf({ work: reboot(1) }))).toMatchObject({ pass: 2, exit: EXIT.done });
    const { pass, exit, errors } = await finished(runOf({ work: reboot(9) }));
    expect({ pass, exit }).toEqual({ pass: 3, exit: EXIT.partial });
    expect(errors).toMatchObject([{ code: 'rebooted', host: 's5' }]);
  });

  it('makes another though the cluster failed: a reboot may be the reason, and no refusal', async () => {
    const failing = (error: DisklessError, of: (node: string) => boolean = () => true) => ({
      work: (node: string, pass: number) => {
        if (pass === 1 && of(node)) throw new DisklessError({ code: 'rebooted', host: node, message: 'rebooted' });
      },
      verify: (pass: number) => {
        if (pass === 1) throw error;
      },
    });
    const unsound = new DisklessError({ code: 'verification-failed', message: 'its API does not answer' });
    expect(await finished(runOf(failing(unsound)))).toMatchObject({ pass: 2, exit: EXIT.done });
    const refused = new DisklessError({ code: 'quorum-lost', message: 'it is lost', exit: EXIT.refused });
    expect(await finished(runOf(failing(refused)))).toMatchObject({ pass: 1, exit: EXIT.refused });
    const found = new DisklessError({ code: 'rebooted', host: 's4', message: 'it was rebooted' });
    expect(await finished(runOf(failing(found, () => false)))).toMatchObject({ pass: 2, exit: EXIT.done });
  });

  it('makes another after a failure that a control plane still booting may explain, a worker not', async () => {
    const judge = (pass: number): void => {
      if (pass === 1) throw new DisklessError({ code: 'etcd-no-quorum', message: 'no quorum' });
    };
    const nodes = ['s4', 's5', 's6'].map((name) => sampleNode({ name }));
    const late = (node: string, pass: number): boolean => node === 's6' && pass === 1;
    expect(await finished(runOf({ judge, late, nodes }))).toMatchObject({ pass: 2, exit: EXIT.done });
    expect(await finished(runOf({ judge, late }))).toMatchObject({ pass: 1, exit: EXIT.failed });
  });

  it('makes no other after a failure of the cluster, nor for a plan', async () => {
    const read = (node: string): Promise<void> => later(node === 's6' ? 3_000 : 0);
    const judge = (): void => {
      throw new DisklessError({ code: 'quorum-lost', message: 'no quorum', exit: EXIT.refused });
    };
    expect(await finished(runOf({ read, judge }))).toMatchObject({ pass: 1, exit: EXIT.refused });
    expect(await finished(runOf({ read, command: 'plan' }))).toMatchObject({ pass: 1, exit: EXIT.done });
  });
});
