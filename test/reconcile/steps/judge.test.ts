import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../../src/errors.js';
import type { Run } from '../../../src/reconcile/context.js';
import type { ReadHosts } from '../../../src/reconcile/hosts.js';
import { preflightAll } from '../../../src/reconcile/steps/check-hosts.js';
import { judgeHosts } from '../../../src/reconcile/steps/judge.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import { clusterOf } from '../../cluster/fake-session.js';
import { sampleFacts, sampleSpec } from '../../helpers/sample-facts.js';

const { signal } = new AbortController();
const spec = sampleSpec();

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
      read: {
        facts: new Map(s4 ? [['s4', facts]] : []),
        unread: new Map([['s4', new DisklessError({ code, message: 'no' })]]),
      },
      memory: { nodeRecords: new Map(), epochs: new Map(s4 || silentSince ? [['s4', facts]] : []) },
      cluster: clusterOf([]),
      options: {
        spec,
        lost: new Set(lost),
        discardData: new Set<string>(),
        random: (size: number) => Buffer.alloc(size),
        content: { artifacts: async () => new Map(), images: async () => [] },
      },
    } as unknown as Run & { read: ReadHosts };
    const done = preflightAll(context).then(({ gives: hosts }) => judgeHosts({ ...context, hosts }));
    return { events, done };
  }

  it('ends with the verdict, and with what preflight says of every node, which has no step of its own any more', async () => {
    const { events, done } = runWith({});
    await expect(done).rejects.toMatchObject({ code: 'no-majority', exit: 5 });
    const told = { type: 'note', level: 'warning', node: 's4', message: expect.stringContaining('curl') };
    expect(events).toContainEqual(expect.objectContaining(told));
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
