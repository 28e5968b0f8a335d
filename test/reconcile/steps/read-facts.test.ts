import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../../src/errors.js';
import { createConnectRetry } from '../../../src/reconcile/connect-retry.js';
import type { Pass } from '../../../src/reconcile/context.js';
import { createFactsBarrier } from '../../../src/reconcile/facts-barrier.js';
import { awaitReadings, readFacts } from '../../../src/reconcile/steps/read-facts.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { HostKey } from '../../../src/ssh/transport.js';
import { clusterOf, type FakeConnection, fakeConnection, sessionOver } from '../../cluster/fake-session.js';
import { blankNodeFacts } from '../../helpers/fake-node/fake-node.js';
import { sampleFacts, sampleSpec } from '../../helpers/sample-facts.js';

const [OLD_KEY, NEW_KEY] = ['old', 'new'].map((name) => ({ type: 'ssh-ed25519', fingerprint: `SHA256:${name}` }));

it('judges the key of the connection that the facts came over, not that of a later one', async () => {
  const { signal } = new AbortController();
  const output = blankNodeFacts({ name: 's4', address: '10.146.225.4', zstd: true });
  const answersAndGoes: FakeConnection = fakeConnection(() => {
    queueMicrotask(() => answersAndGoes.lose());
    return { stdout: output };
  }, OLD_KEY);
  const session = sessionOver('s4', [answersAndGoes, fakeConnection(() => ({ stdout: 'another boot' }), NEW_KEY)]);
  const context = {
    signal,
    cluster: clusterOf([session]),
    barrier: createFactsBarrier(sampleSpec().nodes, { patient: true }),
    memory: { nodeRecords: new Map(), epochs: new Map() },
    bus: createEventBus({ sinks: [], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    options: { spec: sampleSpec(), hostKeyPolicy: 'per-boot', clock: { now: () => 0 } },
  } as unknown as Pass;
  await readFacts(context, { node: 's4', step: 'facts', signal, failed: new Set() });
  expect(context.barrier.hosts().facts.get('s4')?.bootId).toBeTruthy();
  expect(session.hostKey).toEqual(OLD_KEY);
  await expect(session.exec('true', { label: 'look' })).rejects.toMatchObject({ code: 'rebooted' });
});

describe('waiting for facts', () => {
  const output = blankNodeFacts({ name: 's4', address: '10.146.225.4', zstd: true });
  const [BOOT = ''] = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(output) ?? [];
  const blank = (): FakeConnection => fakeConnection(() => ({ stdout: output }));

  interface Call {
    links: (FakeConnection | Error)[];
    lose: boolean;
    /** Key of s4 in the boot of `output`, accepted before by this run. */
    believed?: HostKey;
  }

  /** s4 was read over the first of these, in another boot. */
  async function called({ links, lose, believed }: Call) {
    const { signal } = new AbortController();
    const session = sessionOver('s4', links, signal);
    const connection = await session.connection();
    session.pinEpoch({ bootId: 'one' });
    if (lose) connection.end();
    await Promise.resolve(lose && connection.closed);
    const spec = sampleSpec();
    const barrier = createFactsBarrier(spec.nodes, { patient: false });
    for (const { name } of spec.nodes) barrier.settle(name, sampleFacts({ bootId: 'one' }));
    const told: string[] = [];
    const context = {
      signal,
      barrier,
      retry: createConnectRetry({
        connect: () => session.connection(),
        waitMs: 0,
        monotonicMs: () => 0,
        sleep: async () => {},
        onWait: () => {},
      }),
      cluster: clusterOf([session]),
      memory: { nodeRecords: new Map(), epochs: new Map(believed && [['s4', { bootId: BOOT, hostKey: believed }]]) },
      bus: createEventBus({
        sinks: [(event) => event.type === 'note' && told.push(`${event.node} ${event.code}`)],
        monotonicMs: () => 0,
        wallClock: () => new Date(0),
      }),
      options: { spec, hostKeyPolicy: believed ? 'per-boot' : 'insecure', clock: { now: () => 0 } },
    } as unknown as Pass;
    const place = { node: '', step: 'await-facts', signal, failed: new Set<string>() };
    const { gives: hosts } = await awaitReadings(context, place);
    return { told, ...hosts };
  }

  it('asks nobody whose connection lives', async () => {
    const { told, facts } = await called({ links: [blank()], lose: false });
    expect([told, facts.get('s4')?.bootId]).toEqual([[], 'one']);
  });

  it('reads a control plane again that went away since it was read', async () => {
    const { told, facts, unread } = await called({ links: [blank(), blank()], lose: true });
    expect(told).toEqual(['s4 reading-again']);
    expect(facts.get('s4')?.bootId).not.toBe('one');
    expect(unread.size).toBe(0);
  });

  it('knows nothing any more of one that does not answer again', async () => {
    const silent = new DisklessError({ code: 'unreachable', message: 'it does not answer' });
    const { facts, unread } = await called({ links: [blank(), silent], lose: true });
    expect([facts.has('s4'), unread.get('s4')]).toEqual([false, silent]);
  });

  it('believes no other key within a boot that was read, though no record of it is written yet', async () => {
    const other = fakeConnection(() => ({ stdout: output }), NEW_KEY);
    const { facts, unread, told } = await called({ links: [blank(), other], lose: true, believed: OLD_KEY });
    expect([facts.has('s4'), unread.get('s4')?.code]).toEqual([false, 'host-key-changed']);
    expect(told).toEqual(['s4 reading-again', 's4 host-key-changed']);
  });

  it('ends though a machine never keeps its connection', async () => {
    const fleeting = (): FakeConnection => {
      const link: FakeConnection = fakeConnection(() => {
        queueMicrotask(() => link.lose());
        return { stdout: output };
      });
      return link;
    };
    const { facts } = await called({ links: [blank(), fleeting(), fleeting(), fleeting()], lose: true });
    expect(facts.has('s4')).toBe(true);
  });
});
