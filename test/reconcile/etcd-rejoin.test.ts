import { describe, expect, it } from 'vitest';
import type { EtcdBootstrap } from '../../src/components/context.js';
import { peerUrl } from '../../src/etcd/peer-url.js';
import type { Blocking, ClusterOrder } from '../../src/plan/etcd-order-types.js';
import type { JudgedRun } from '../../src/reconcile/context.js';
import { createEtcdRejoin } from '../../src/reconcile/etcd-rejoin.js';
import type { NodeWork } from '../../src/reconcile/judgement.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { RunEvent } from '../../src/runner/events.js';
import { FakeEtcd, FakeEtcdCluster } from '../helpers/fake-etcd.js';
import { sampleNode } from '../helpers/sample-facts.js';
import { sampleOrders } from '../helpers/sample-orders.js';
import { virtualClock } from '../helpers/virtual-clock.js';

const FIVE: Record<string, string> = Object.fromEntries([4, 5, 6, 7, 8].map((n) => [`s${n}`, `10.146.225.${n}`]));
const ipOf = (name: string): string => FIVE[name] ?? '';
const ips = (...names: string[]) => Object.fromEntries(names.map((name) => [name, ipOf(name)]));

interface Rejoin {
  holders?: string[];
  blank?: string[];
  /** Whose entries go beside those of the blank ones. */
  gone?: string[];
  blocking?: Blocking;
}

/** A run that takes `blank` in again; only their machines take part in it. */
function runWith(etcd: FakeEtcd, { holders = ['s5', 's6'], blank = ['s4'], gone = [], blocking }: Rejoin = {}) {
  const events: RunEvent[] = [];
  const cluster = [...blank, ...gone].flatMap((member) =>
    etcd.entries
      .filter(({ name }) => name === member)
      .map(({ id }): ClusterOrder => ({ do: 'remove-entry', member, id })),
  );
  const orders = sampleOrders({
    code: 'rejoin',
    members: Object.fromEntries(blank.map((name) => [name, 'join-as-learner'])),
    cluster,
    quorum: { state: 'works', through: holders, ...(blocking && { blocking }) },
  });
  const clock = virtualClock();
  const abort = new AbortController();
  const context = {
    signal: abort.signal,
    cluster: new FakeEtcdCluster(etcd),
    bus: createEventBus({ sinks: [(event) => events.push(event)], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    memory: { tally: new Map() },
    judgement: {
      orders,
      peers: Object.entries(FIVE).map(([name, nodeIp]) => ({ name, nodeIp, podCidr: '', controlPlane: true })),
      record: { etcd: { token: 'token-3' } },
      work: new Map(blank.map((name) => [name, { node: sampleNode({ name }), nodeIp: ipOf(name) } as NodeWork])),
    },
    options: { clock, readyTimeoutMs: 180_000 },
  } as unknown as JudgedRun;
  const rejoin = createEtcdRejoin(() => context);
  const told: EtcdBootstrap[] = [];
  const restarted: string[] = [];
  const noted: string[] = [];
  const memberOf = (name: string, started: () => void | Promise<void>) => ({
    prepare: async (bootstrap: EtcdBootstrap) => void told.push(bootstrap),
    start: async () => started(),
    restart: async () => void restarted.push(name),
    promoted: async () => void noted.push(name),
  });
  return {
    told,
    abort,
    waitedMs: clock.waitedMs,
    changes: () => events.flatMap((event) => (event.type === 'change' ? [`${event.node}: ${event.what}`] : [])),
    bring: (name: string, started: () => void | Promise<void> = () => etcd.start(name, ipOf(name))) => {
      return rejoin.rejoin(name, memberOf(name, started), abort.signal);
    },
    promote: (name: string, id: string) =>
      rejoin.promote(name, { ...memberOf(name, async () => {}), id }, abort.signal),
    move: (name: string, id: string, url: string, restart: () => Promise<void>) =>
      rejoin.move(name, { id, url, restart }, abort.signal),
    restarted,
    noted,
  };
}

/** Three voters, of which these have just lost their data. */
function clusterThatLost(...lost: string[]): FakeEtcd {
  const etcd = new FakeEtcd(ips('s4', 's5', 's6'));
  for (const name of lost) etcd.alive.delete(name);
  return etcd;
}

describe('a member that lost its data', () => {
  it('has its old entry removed, is added as a learner, told of all the others, started and promoted', async () => {
    const etcd = clusterThatLost('s4');
    const old = etcd.entries[0]?.id;
    const run = runWith(etcd);
    await run.bring('s4');
    expect(etcd.members()).toEqual({ s5: false, s6: false, s4: false });
    expect(run.told).toEqual([
      {
        token: 'token-3',
        initialClusterState: 'existing',
        initialCluster: ['s5', 's6', 's4'].map((name) => ({ name, peerUrl: peerUrl(ipOf(name)) })),
      },
    ]);
    const added = etcd.entries[2]?.id;
    expect(added).not.toBe(old);
    expect(run.noted).toEqual(['s4']);
    expect(run.changes()).toEqual([
      `s4: remove old etcd member ${old}`,
      `s4: add etcd learner ${added}`,
      `s4: promote etcd member ${added}`,
    ]);
  });

  it.each<[string, 'read' | 'list' | 'add' | 'remove' | 'promote', string]>([
    ['the leader changes while its old entry is removed', 'remove', 'etcd-no-leader'],
    ['the leader changes while it is added', 'add', 'etcd-no-leader'],
    ['the leader is lost while it is promoted', 'promote', 'etcd-timeout'],
    ['a connection breaks while it is promoted', 'promote', 'etcd-connection-lost'],
    ['it is not in sync yet', 'promote', 'etcd-learner-not-ready'],
    ['the members cannot be listed for a moment', 'list', 'etcd-unavailable'],
    ['nobody answers for a moment', 'read', 'etcd-unreachable'],
  ])('comes back although %s', async (_title, operation, code) => {
    const etcd = clusterThatLost('s4');
    etcd.failNext(operation, code);
    etcd.failNext(operation, code);
    await runWith(etcd).bring('s4');
    expect(etcd.members()).toEqual({ s5: false, s6: false, s4: false });
  });

  it.each(['remove', 'add', 'promote'] as const)(
    'notices that %s was done, and only its answer lost',
    async (operation) => {
      const etcd = clusterThatLost('s4');
      etcd.failNext(operation, 'etcd-timeout', { carriedOut: true });
      await runWith(etcd).bring('s4');
      expect(etcd.members()).toEqual({ s5: false, s6: false, s4: false });
      expect(etcd.entries).toHaveLength(3);
    },
  );

  it('goes on through another member when the one that was asked is gone', async () => {
    const etcd = new FakeEtcd(ips('s4', 's5', 's6', 's7'));
    etcd.alive.delete('s4');
    const run = runWith(etcd, { holders: ['s5', 's6', 's7'] });
    await run.bring('s4', () => {
      etcd.start('s4', ipOf('s4'));
      etcd.alive.delete('s5');
    });
    expect(etcd.members().s4).toBe(false);
  });

  it.each([false, true])(
    'takes over the ID of no member that has its address, be it a learner (%s)',
    async (isLearner) => {
      const etcd = new FakeEtcd(ips('s4', 's5', 's6', 's7'));
      etcd.alive.delete('s4');
      Object.assign(etcd.entries[2] ?? {}, { peerUrls: [peerUrl(ipOf('s4'))], isLearner });
      const run = runWith(etcd, { holders: ['s5', 's7'] });
      await expect(run.bring('s4')).rejects.toMatchObject({
        code: 'etcd-address-taken',
        host: 's4',
        message: expect.stringContaining('the others know s6 by that address'),
        hint: expect.stringMatching(/^bring s6 back and run up again.*or give s4 another address$/),
      });
      expect(run.told).toEqual([]);
    },
  );

  it.each([
    ['it never gets in sync', 'etcd-learner-not-ready', 60_000],
    ['it is refused', 'etcd-forbidden', 0],
  ])('stays out when %s', async (_title, code, patienceMs) => {
    const etcd = clusterThatLost('s4');
    for (let attempt = 0; attempt < 1000; attempt++) etcd.failNext('promote', code);
    const run = runWith(etcd);
    await expect(run.bring('s4')).rejects.toMatchObject({ code });
    expect(run.waitedMs()).toBeGreaterThanOrEqual(patienceMs);
    // It served only after the first minute had begun: it gets another one.
    expect(run.waitedMs()).toBeLessThan(2 * patienceMs + 1000);
  });

  /** Its entry is in the snapshot that it was sent: in sync, and silent until it asks again. */
  function startsWithoutServing(etcd: FakeEtcd, ended: Promise<void> = new Promise(() => undefined)) {
    return () => {
      etcd.start('s4', ipOf('s4'));
      return ended;
    };
  }

  it('is started anew when it is in sync and yet does not serve', async () => {
    const etcd = clusterThatLost('s4');
    const run = runWith(etcd);
    await run.bring('s4', startsWithoutServing(etcd));
    expect(run.restarted).toEqual(['s4']);
    expect(etcd.members().s4).toBe(false);
    expect(run.waitedMs()).toBe(500);
  });

  it('is given as long to serve as it took to be in sync', async () => {
    const etcd = clusterThatLost('s4');
    for (let attempt = 0; attempt < 20; attempt++) etcd.failNext('promote', 'etcd-learner-not-ready');
    const run = runWith(etcd);
    await run.bring('s4', startsWithoutServing(etcd));
    expect(run.restarted).toEqual(['s4']);
    expect(run.waitedMs()).toBe(8_000);
  });

  it('may take long to be in sync while it starts', async () => {
    const etcd = clusterThatLost('s4');
    for (let attempt = 0; attempt < 1000; attempt++) etcd.failNext('promote', 'etcd-learner-not-ready');
    await runWith(etcd).bring('s4', startsWithoutServing(etcd));
    expect(etcd.members().s4).toBe(false);
  });

  it('is waited for where its absence would be an outage', async () => {
    const etcd = new FakeEtcd(ips('s4', 's5'));
    etcd.alive.delete('s4');
    etcd.entries.shift();
    const run = runWith(etcd, { holders: ['s5'] });
    let serve = (): void => undefined;
    const served = new Promise<void>((resolve) => {
      serve = resolve;
    });
    const brought = run.bring('s4', startsWithoutServing(etcd, served));
    await expect.poll(run.waitedMs).toBe(500);
    serve();
    await brought;
    expect(run.restarted).toEqual([]);
    expect(etcd.members().s4).toBe(false);
  });

  it('is not promoted any more once it has failed to start', async () => {
    const etcd = clusterThatLost('s4');
    for (let attempt = 0; attempt < 1000; attempt++) etcd.failNext('promote', 'etcd-learner-not-ready');
    const failing = async () => {
      throw new Error('it did not start');
    };
    await expect(runWith(etcd).bring('s4', failing)).rejects.toThrow('it did not start');
    expect(etcd.members()).toEqual({ s5: false, s6: false });
  });

  it('comes back through members whose machines take no part in this run', async () => {
    const etcd = clusterThatLost('s4');
    await runWith(etcd).bring('s4');
    expect(etcd.asked.filter((call) => call.startsWith('read'))).toContain('read s6');
  });

  it('cannot come back when another is lost meanwhile: a failure of the cluster, not of ours', async () => {
    const etcd = clusterThatLost('s4', 's5');
    await expect(runWith(etcd).bring('s4')).rejects.toMatchObject({
      code: 'etcd-no-answer',
      exit: 4,
      message: expect.stringContaining('s5, s6'),
    });
  });
});

describe('five members, of which one is blank and another is off', () => {
  function cluster(): FakeEtcd {
    const etcd = new FakeEtcd(FIVE);
    etcd.alive.delete('s4');
    etcd.alive.delete('s8');
    return etcd;
  }
  const holders = ['s5', 's6', 's7'];

  it('nobody is taken in beside a voter that cannot be reached: said, with what a person can do', async () => {
    const etcd = cluster();
    const blocking = {
      members: ['s8'],
      message: 'etcd accepts no new member while s8 cannot be reached',
      hint: 'bring s8 back and run up again, or give --lost s8 if permanently off',
    };
    const run = runWith(etcd, { holders, blocking });
    await expect(run.bring('s4')).rejects.toMatchObject({
      code: 'etcd-rejoin-blocked',
      exit: 4,
      message: expect.stringContaining('while s8 cannot be reached'),
      hint: 'bring s8 back and run up again, or give --lost s8 if permanently off',
    });
    expect(run.told).toEqual([]);
    expect(Object.keys(etcd.members())).toEqual(['s5', 's6', 's7', 's8']);
    // Long enough for members that were only restarted, and no longer.
    expect(run.waitedMs()).toBeLessThan(9_000);
  });

  it('waits until the members that were restarted are connected again, when all can be reached', async () => {
    const etcd = cluster();
    etcd.start('s8', ipOf('s8'));
    for (let attempt = 0; attempt < 20; attempt++) etcd.failNext('add', 'etcd-unhealthy-cluster');
    const run = runWith(etcd, { holders: [...holders, 's8'] });
    await run.bring('s4');
    expect(run.waitedMs()).toBe(10_000);
  });

  it('one that is lost by word of a person goes first, and the other comes back', async () => {
    const etcd = cluster();
    const lost = etcd.entries[4]?.id;
    const run = runWith(etcd, { holders, gone: ['s8'] });
    await run.bring('s4');
    expect(etcd.members()).toEqual({ s5: false, s6: false, s7: false, s4: false });
    expect(run.changes()).toContain(`s8: remove old etcd member ${lost}`);
  });

  it('two that are blank come back one after the other, both entries removed before', async () => {
    const etcd = cluster();
    const run = runWith(etcd, { holders, blank: ['s4', 's8'] });
    await Promise.all([run.bring('s4'), run.bring('s8')]);
    expect(etcd.members()).toEqual({ s5: false, s6: false, s7: false, s4: false, s8: false });
    expect(run.changes().map((change) => change.replace(/ \d+$/, ''))).toEqual([
      's4: remove old etcd member',
      's8: remove old etcd member',
      's4: add etcd learner',
      's4: promote etcd member',
      's8: add etcd learner',
      's8: promote etcd member',
    ]);
  });

  it('the failure of one does not keep the next from its turn: the learner it left is removed', async () => {
    const etcd = cluster();
    const run = runWith(etcd, { holders, blank: ['s4', 's8'] });
    const failing = run.bring('s4', () => {
      throw new Error('it did not start');
    });
    const next = run.bring('s8');
    await expect(failing).rejects.toThrow('it did not start');
    await next;
    expect(etcd.members()).toEqual({ s5: false, s6: false, s7: false, s8: false });
  });

  it('one that was promoted after all stays a member, whatever else went wrong', async () => {
    const etcd = cluster();
    const run = runWith(etcd, { holders, gone: ['s8'] });
    etcd.failNext('promote', 'etcd-forbidden', { carriedOut: true });
    await expect(run.bring('s4')).rejects.toMatchObject({ code: 'etcd-forbidden' });
    expect(etcd.members().s4).toBe(false);
  });
});

describe('a learner that was left behind with its data', () => {
  async function leftBehind(): Promise<FakeEtcd> {
    const etcd = new FakeEtcd(ips('s5', 's6'));
    await etcd.gateway('s5').memberAdd({ peerUrls: [peerUrl(ipOf('s4'))], learner: true });
    etcd.start('s4', ipOf('s4'));
    return etcd;
  }

  it('is promoted as it is, and noted as a voter', async () => {
    const etcd = await leftBehind();
    const id = etcd.entries[2]?.id ?? '';
    const run = runWith(etcd, { blank: [] });
    await run.promote('s4', id);
    expect(etcd.members()).toEqual({ s5: false, s6: false, s4: false });
    expect(etcd.entries[2]?.id).toBe(id);
    expect([run.told, run.noted]).toEqual([[], ['s4']]);
  });

  it('is given up when it never gets in sync: the next run takes it in anew', async () => {
    const etcd = await leftBehind();
    const id = etcd.entries[2]?.id ?? '';
    etcd.failNext('promote', 'etcd-forbidden');
    const run = runWith(etcd, { blank: [] });
    await expect(run.promote('s4', id)).rejects.toMatchObject({ code: 'etcd-forbidden' });
    expect(etcd.members()).toEqual({ s5: false, s6: false });
    expect(run.noted).toEqual([]);
  });
});

describe('a member whose machine has another address', () => {
  it('is restarted once the others know it, and no two at a time', async () => {
    const etcd = new FakeEtcd(ips('s4', 's5', 's6'));
    const [first, second] = etcd.entries;
    const run = runWith(etcd, { blank: [] });
    const seen: (string | undefined)[] = [];
    const restart = async (): Promise<void> => void seen.push(first?.peerUrls[0], second?.peerUrls[0]);
    await Promise.all([
      run.move('s4', first?.id ?? '', 'https://10.0.0.4:2380', restart),
      run.move('s5', second?.id ?? '', 'https://10.0.0.5:2380', restart),
    ]);
    const before = peerUrl(ipOf('s5'));
    expect(seen).toEqual(['https://10.0.0.4:2380', before, 'https://10.0.0.4:2380', 'https://10.0.0.5:2380']);
    expect(run.changes()).toEqual([
      `s4: update etcd member ${first?.id} to https://10.0.0.4:2380`,
      `s5: update etcd member ${second?.id} to https://10.0.0.5:2380`,
    ]);
  });
});
