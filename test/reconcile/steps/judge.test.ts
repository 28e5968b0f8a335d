import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../../src/errors.js';
import type { Judgement, NodeWork, Reconciliation } from '../../../src/reconcile/reconciliation.js';
import { admit, judge } from '../../../src/reconcile/steps/judge.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import { clusterOf } from '../../cluster/fake-session.js';
import { sampleFacts, sampleSpec } from '../../helpers/sample-facts.js';
import { sampleOrders } from '../../helpers/sample-orders.js';

const { signal } = new AbortController();
const spec = sampleSpec();
const place = (node: string) => ({ node, step: 'judge', signal, failed: new Set<string>() });

describe('judge', () => {
  /** One blank control plane of this host name was read, and nothing was ever recorded. */
  function runWith({
    lost = [] as string[],
    etcdData = { present: false },
    s4 = true,
    silentSince = false,
    code = 'auth-failed',
  }) {
    const events: RunEvent[] = [];
    const facts = sampleFacts({ etcdData, tools: {} });
    const context = {
      signal,
      bus: createEventBus({
        sinks: [(event) => events.push(event)],
        monotonicMs: () => 0,
        wallClock: () => new Date(0),
      }),
      facts: new Map(s4 ? [['s4', facts]] : []),
      woken: new Set(),
      unread: new Map([['s4', new DisklessError({ code, message: 'no' })]]),
      memory: { nodeRecords: new Map(), epochs: new Map(s4 || silentSince ? [['s4', facts]] : []) },
      cluster: clusterOf([]),
      options: {
        spec,
        lost: new Set(lost),
        discardData: new Set<string>(),
        random: (size: number) => Buffer.alloc(size),
        content: { artifacts: async () => new Map(), images: async () => [] },
      },
    } as unknown as Reconciliation;
    return { events, context, done: judge(context) };
  }

  it('ends with the verdict, and with what preflight says of every node, which has no step of its own any more', async () => {
    const { events, context, done } = runWith({});
    await expect(done).rejects.toMatchObject({ code: 'no-majority', exit: 5 });
    const told = { type: 'note', level: 'warning', node: 's4', message: expect.stringContaining('curl') };
    expect(events).toContainEqual(expect.objectContaining(told));
    expect(context.judgement).toBeUndefined();
  });

  it('says of a control plane that keeps us out that it does', async () => {
    const { done } = runWith({ s4: false });
    await expect(done).rejects.toMatchObject({ message: expect.stringContaining('s4 does not accept our key') });
  });

  it('refuses the word that a machine is lost that answers and keeps us out', async () => {
    await expect(runWith({ lost: ['s4'], s4: false }).done).rejects.toMatchObject({
      code: 'not-lost',
      exit: 5,
      message: 's4 answers (s4 does not accept our key), though --lost says otherwise',
      hint: expect.stringMatching(/^leave s4 out of --lost, and fix SSH access to s4/),
    });
    const { done } = runWith({ lost: ['s4'], s4: false, code: 'name-not-resolved' });
    await expect(done).rejects.toMatchObject({ code: 'no-majority' });
  });

  it('refuses data it does not know, and the word that a machine is lost that answers', async () => {
    await expect(runWith({ etcdData: { present: true } }).done).rejects.toMatchObject({ code: 'unknown-data' });
    await expect(runWith({ lost: ['s4'] }).done).rejects.toMatchObject({ code: 'not-lost', exit: 5 });
    const { done } = runWith({ lost: ['s4'], s4: false, silentSince: true });
    await expect(done).rejects.toMatchObject({ code: 'not-lost', exit: 5 });
  });
});

describe('admit', () => {
  const rejection = new DisklessError({ code: 'tools-missing', message: 'it has no curl' });
  const gone = new DisklessError({ code: 'unreachable', message: 'it does not answer' });
  const contextOf = (last: boolean, orders = sampleOrders()): Reconciliation =>
    ({
      again: new Set(),
      last,
      unread: new Map([['s7', gone]]),
      judgement: {
        orders,
        work: new Map([['s4', {} as NodeWork]]),
        rejected: new Map([['s5', rejection]]),
      } as unknown as Judgement,
    }) as unknown as Reconciliation;

  it('lets through who has work, and stops the rejected, and who went away since it was read, with their own reason', async () => {
    const context = contextOf(false);
    expect(await admit(context, place('s4'))).toBe('unchanged');
    await expect(admit(context, place('s5'))).rejects.toBe(rejection);
    await expect(admit(context, place('s7'))).rejects.toBe(gone);
    expect(context.again.size).toBe(0);
  });

  it.each([
    [false, 'dependency-failed'],
    [true, 'left-out'],
  ])('leaves who came late for another pass, and fails them in the last one (%s)', async (last, code) => {
    const context = contextOf(last);
    await expect(admit(context, place('s6'))).rejects.toMatchObject({ code, host: 's6' });
    expect([...context.again]).toEqual(['s6: it answered after the plan was made']);
  });

  it('asks about a member that somebody saw to that it does not start', async () => {
    const ask = {
      code: 'refused',
      reason: 'etcd-masked',
      message: 'etcd.service is masked on s6',
      hint: 'unmask',
    } as const;
    const context = contextOf(false, sampleOrders({ members: { s6: { do: 'leave', ask } } }));
    const error = { code: 'etcd-masked', exit: 5, host: 's6', hint: 'unmask' };
    await expect(admit(context, place('s6'))).rejects.toMatchObject(error);
    expect(context.again.size).toBe(0);
  });
});
