import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import type { EtcdMember } from '../../src/etcd/gateway.js';
import type { NodeFacts } from '../../src/facts/facts.js';
import type { Backup, Beginning } from '../../src/plan/etcd-facts.js';
import { etcdOrders } from '../../src/plan/etcd-orders.js';
import type { Run } from '../../src/reconcile/context.js';
import type { FitNode } from '../../src/reconcile/hosts.js';
import { majorityRuns, observeEtcd } from '../../src/reconcile/observe-etcd.js';
import type { ClusterRecord, EtcdRecord, NodeRecord } from '../../src/state/records.js';
import { FakeEtcd, FakeEtcdCluster } from '../helpers/fake-etcd.js';
import { OPERATOR, sampleFacts, sampleNode, sampleSpec } from '../helpers/sample-facts.js';
import { virtualClock } from '../helpers/virtual-clock.js';

const NAMES = ['s4', 's5', 's6'];
const IPS: Record<string, string> = { s4: '10.0.0.4', s5: '10.0.0.5', s6: '10.0.0.6' };
const spec = sampleSpec({ nodes: NAMES.map((name) => sampleNode({ name })) });
const etcdRecord: EtcdRecord = { incarnation: 2, phase: 'bootstrapped', token: 't', members: NAMES, bootIds: {} };

const KEPT: Backup = { kind: 'usable', id: '2-7', incarnation: 2 };
const NAMED: Backup = { kind: 'usable', id: '1-7', incarnation: 1 };

/** A machine with data of this incarnation, by default the recorded one. */
function member(active: string, incarnation = 2, masked = false): NodeFacts {
  const unit = { name: 'etcd.service', active, masked } as NodeFacts['units'][string];
  return sampleFacts({
    bootId: 'b',
    etcdData: { present: true, clusterId: 'c', incarnation, marker: `c ${incarnation}` },
    units: { 'etcd.service': unit },
  });
}

interface Seen {
  facts: Record<string, NodeFacts>;
  etcd: FakeEtcd;
  /** Who passed preflight; default everybody who was read. */
  fit?: string[];
  record?: Partial<EtcdRecord> | undefined;
  lost?: string[];
  /** Name → code of the error that kept it from being read. */
  unread?: Record<string, string>;
  newCluster?: boolean;
  beginning?: Beginning;
  /** Whose stopped members this run has started. */
  woken?: string[];
  /** Recorded boot_id by name. */
  boots?: Record<string, string>;
  /** What else is recorded. */
  records?: Record<string, Partial<NodeRecord>>;
  /** What is recorded is of a copy of the state that was taken into use. */
  unproven?: true;
  /** Codes of what was told. */
  told?: string[];
  signal?: AbortSignal;
}

function observe({
  facts,
  etcd,
  fit = Object.keys(facts),
  record = {},
  lost = [],
  unread = {},
  newCluster = false,
  beginning,
  woken = [],
  boots = {},
  records = {},
  unproven,
  told = [],
  signal,
}: Seen) {
  const operator = { ...OPERATOR, ...(unproven && { unproven }) };
  const known: ClusterRecord = { clusterId: 'c', operator, spec, etcd: { ...etcdRecord, ...record } };
  const context = {
    bus: { emit: (event: { code?: string }) => told.push(event.code ?? '') },
    signal: signal ?? new AbortController().signal,
    cluster: new FakeEtcdCluster(etcd),
    memory: {
      newCluster,
      ...(beginning && { beginning }),
      record: known,
      nodeRecords: new Map(
        NAMES.map((name) => [name, { name, nodeIp: IPS[name], bootId: boots[name], ...records[name] }]),
      ),
    },
    options: {
      spec,
      lost: new Set(lost),
      discardData: new Set<string>(),
      clock: virtualClock(),
      readyTimeoutMs: 180_000,
      backups: { look: async (_: unknown, { isNamed }: { isNamed: boolean }) => (isNamed ? NAMED : KEPT) },
    },
  } as unknown as Run;
  const hosts = {
    facts: new Map(Object.entries(facts)),
    unread: new Map(Object.entries(unread).map(([name, code]) => [name, new DisklessError({ code, message: code })])),
    fit: fit.map((name) => ({ node: sampleNode({ name }), nodeIp: IPS[name] }) as FitNode),
    rejected: new Map(),
    hashes: new Map(),
    woken: new Set(woken),
  };
  return observeEtcd(context, hosts, 'c');
}

describe('a copy of the state that is older than what lives', () => {
  /** It was begun after the copy was made. */
  function later(active: string, more: Partial<NodeFacts['etcdData']> = {}): NodeFacts {
    const facts = member(active, 3);
    Object.assign(facts.etcdData, { token: 'c-3', open: true, role: 'voter', ...more });
    return facts;
  }
  const two = { s4: later('active'), s5: later('active'), s6: sampleFacts({ bootId: 'b6' }) };

  it('goes on with what a quorum proves, and says so', async () => {
    const told: string[] = [];
    const facts = await observe({ facts: two, etcd: new FakeEtcd(IPS), unproven: true, told });
    expect(facts.recorded).toEqual({
      incarnation: 3,
      phase: 'bootstrapped',
      token: 'c-3',
      members: ['s4', 's5'],
      bootIds: { s4: 'b', s5: 'b' },
    });
    expect(told).toEqual(['later-life-adopted']);
    expect(etcdOrders(facts)).toMatchObject({ code: 'rejoin' });
  });

  it.each<[string, Partial<Seen>]>([
    ['no quorum answers', { etcd: silent() }],
    ['it does not run', { facts: { s4: later('inactive'), s5: later('inactive') } }],
    ['it was never opened', { facts: { s4: later('active', { open: false }), s5: later('active', { open: false }) } }],
    ['it is another cluster’s', { facts: { s4: later('active', { clusterId: 'd' }) } }],
    ['the state is no copy', { unproven: undefined }],
  ])('is refused where %s', async (_, more) => {
    const seen = { facts: two, etcd: new FakeEtcd(IPS), unproven: true as const, ...more };
    const facts = await observe(seen as Seen);
    expect(facts.recorded?.incarnation).toBe(2);
    expect(etcdOrders(facts)).toMatchObject({ reason: expect.stringMatching(/^(future|foreign)-data$/) });
  });

  it('is told how it may go on', async () => {
    const orders = etcdOrders(await observe({ facts: two, etcd: silent(), unproven: true }));
    expect(orders).toMatchObject({ hint: expect.stringContaining('so many of its members that they are a quorum') });
  });

  function silent(): FakeEtcd {
    const etcd = new FakeEtcd(IPS);
    etcd.alive.clear();
    return etcd;
  }
});

describe('observeEtcd', () => {
  it('passes the word for a new cluster on, but not over an attempt that it began', async () => {
    const etcd = new FakeEtcd(IPS);
    const facts = { s4: sampleFacts() };
    const word = async (record: Partial<EtcdRecord>) =>
      (await observe({ facts, etcd, record, newCluster: true })).newCluster;
    expect(await word({ phase: 'bootstrapped' })).toBe(true);
    expect(await word({ phase: 'bootstrapping' })).toBe(false);
    const origin = { snapshot: '1-7', phase: 'restoring' as const };
    expect(await word({ phase: 'bootstrapping', origin })).toBe(true);
    expect((await observe({ facts, etcd })).newCluster).toBe(false);
  });

  it('looks for a snapshot where no quorum answers, and only there', async () => {
    const etcd = new FakeEtcd(IPS);
    const running = { s4: member('active'), s5: member('active'), s6: member('active') };
    expect((await observe({ facts: running, etcd })).backup).toEqual({ kind: 'none' });
    expect((await observe({ facts: { s4: sampleFacts() }, etcd })).backup).toEqual(KEPT);
    const none = { facts: { s4: sampleFacts() }, etcd, record: { phase: 'none' as const } };
    expect((await observe(none)).backup).toEqual({ kind: 'none' });
  });

  it('asks who answers without a quorum how far its data goes', async () => {
    const etcd = new FakeEtcd(IPS);
    for (const name of ['s5', 's6']) etcd.alive.delete(name);
    const facts = { s4: member('active'), s5: member('inactive'), s6: sampleFacts() };
    const { members, lists } = await observe({ facts, etcd });
    expect(lists).toMatchObject([{ by: 's4', proven: false }]);
    expect(members.map(({ revision }) => revision)).toEqual(['1', undefined, undefined]);
  });

  it('looks at the one that a person named as long as that word holds', async () => {
    const etcd = new FakeEtcd(IPS);
    const facts = { s4: sampleFacts() };
    expect((await observe({ facts, etcd, beginning: 'snapshot' })).backup).toEqual(NAMED);
    expect((await observe({ facts, etcd, beginning: 'empty' })).backup).toEqual(KEPT);
  });

  it('asks a quorum where an unfinished attempt would not go on as it began: it must not give up what works', async () => {
    const etcd = new FakeEtcd(IPS);
    const facts = { s4: member('active'), s5: member('active'), s6: member('active') };
    const boots = Object.fromEntries(NAMES.map((name) => [name, 'b']));
    const record = { phase: 'bootstrapping' as const, members: [...NAMES], bootIds: boots };
    expect((await observe({ facts, etcd, record })).lists).toEqual([]);
    const origin = { snapshot: '1-7', phase: 'restoring' as const };
    const given = await observe({ facts, etcd, record: { ...record, origin }, beginning: 'empty' });
    expect(given.lists).toMatchObject([{ proven: true }]);
  });

  it('reads what each control plane holds, also on a machine that failed its preflight', async () => {
    const etcd = new FakeEtcd(IPS);
    etcd.alive.clear();
    const facts = { s4: member('failed'), s5: sampleFacts({ bootId: 'b5' }) };
    expect(await observe({ facts, etcd, fit: ['s5'], lost: ['s6'] })).toMatchObject({
      lists: [],
      members: [
        { name: 's4', fit: false, condition: { kind: 'data', running: false, clusterId: 'c', incarnation: 2 } },
        { name: 's5', fit: true, bootId: 'b5', condition: { kind: 'blank' } },
        { name: 's6', fit: false, condition: { kind: 'unreachable', lost: true } },
      ],
    });
  });

  it('tells a machine that keeps us out from one that does not answer', async () => {
    const unread = { s5: 'auth-failed', s6: 'unreachable' };
    const { members } = await observe({ facts: { s4: sampleFacts() }, etcd: new FakeEtcd(IPS), unread });
    expect(members.slice(1).map(({ condition }) => condition)).toEqual([
      { kind: 'unreachable', lost: false, obstacle: 'does not accept our key', answers: true },
      { kind: 'unreachable', lost: false },
    ]);
  });

  it.each(['active', 'activating', 'reloading'])('takes a unit that is %s for running, and asks it', async (active) => {
    const etcd = new FakeEtcd(IPS);
    const { members, lists } = await observe({ facts: { s4: member(active) }, etcd });
    expect(members[0]?.condition).toMatchObject({ running: true });
    expect(lists).toMatchObject([{ by: 's4', proven: true }]);
  });

  it('says whom the quorum knows as members, and where each is to be reached now', async () => {
    const etcd = new FakeEtcd({ s4: '10.0.0.4' });
    await etcd.gateway('s4').memberAdd({ peerUrls: ['https://10.0.0.5:2380'], learner: true });
    const { members, lists } = await observe({ facts: { s4: member('active') }, etcd });
    expect(lists).toEqual([{ by: 's4', proven: true, entries: etcd.entries }]);
    expect(members.map(({ peerUrl }) => peerUrl)).toEqual(NAMES.map((name) => `https://${IPS[name]}:2380`));
  });

  it('asks members which they are whose markers do not say it, and no others', async () => {
    const etcd = new FakeEtcd(IPS);
    const named = member('active');
    named.etcdData.memberId = '17';
    const { members } = await observe({ facts: { s4: member('active'), s5: named }, etcd });
    const ids = members.map(({ condition }) => condition.kind === 'data' && condition.memberId);
    expect(ids).toEqual([etcd.entries[0]?.id, '17', false]);
    expect(etcd.asked.filter((call) => call.startsWith('status'))).toEqual(['status s4']);
  });

  it('tells who has a masked unit', async () => {
    const { members } = await observe({ facts: { s4: member('inactive', 2, true) }, etcd: new FakeEtcd(IPS) });
    expect(members[0]?.condition).toMatchObject({ kind: 'data', running: false, masked: true });
  });

  it('tells one that has no data in the very boot in which it was recorded from one that was rebooted', async () => {
    const facts = { s4: sampleFacts({ bootId: 'b4' }), s5: sampleFacts({ bootId: 'b5' }) };
    const { members } = await observe({ facts, etcd: new FakeEtcd(IPS), boots: { s4: 'b4', s5: 'earlier' } });
    expect(members.slice(0, 2).map(({ condition }) => condition)).toEqual([
      { kind: 'blank', sameBoot: true },
      { kind: 'blank' },
    ]);
  });

  it('tells one whose data may be elsewhere: another machine under its name, or a disk that is not mounted this time', async () => {
    const facts = { s4: sampleFacts(), s5: sampleFacts(), s6: sampleFacts() };
    const records = {
      s4: { machine: { macs: ['52:54:00:00:00:99'] } },
      s5: { machine: sampleFacts().machine, etcdOnDisk: true },
      s6: { machine: sampleFacts().machine },
    };
    const { members } = await observe({ facts, etcd: new FakeEtcd(IPS), records });
    const others = members.map(({ condition }) => condition.kind === 'blank' && condition.elsewhere);
    expect(others).toEqual([
      'is another machine than before',
      'had it on a disk, on which there is nothing now',
      undefined,
    ]);
    const lost = await observe({ facts, etcd: new FakeEtcd(IPS), records, lost: ['s4', 's5'] });
    expect(lost.members.map(({ condition }) => condition.kind === 'blank' && condition.elsewhere)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('tells a masked unit where it runs, and where there is no data', async () => {
    const blank = sampleFacts({ units: member('inactive', 2, true).units });
    const { members } = await observe({ facts: { s4: member('active', 2, true), s5: blank }, etcd: new FakeEtcd(IPS) });
    expect(members.slice(0, 2).map(({ condition }) => condition)).toMatchObject([
      { kind: 'data', running: true, masked: true },
      { kind: 'blank', masked: true },
    ]);
  });

  it('takes a claimed directory for blank, and says whose it is', async () => {
    const claimed = sampleFacts({ etcdData: { present: false, marker: 'c 2', clusterId: 'c', incarnation: 2 } });
    const { members } = await observe({ facts: { s4: claimed }, etcd: new FakeEtcd(IPS) });
    expect(members[0]?.condition).toEqual({ kind: 'blank', clusterId: 'c', incarnation: 2 });
  });

  it('proves nothing through a member of an earlier incarnation, which may make a quorum of that one', async () => {
    const etcd = new FakeEtcd({ s4: '10.0.0.4' });
    const { lists } = await observe({ facts: { s4: member('active', 1) }, etcd });
    expect([lists, etcd.asked]).toEqual([[], []]);
  });

  it('waits for what passes: a leader that is being chosen is a quorum', async () => {
    const etcd = new FakeEtcd({ s4: '10.0.0.4' });
    etcd.failNext('read', 'etcd-no-leader');
    etcd.failNext('read', 'etcd-unreachable');
    etcd.failNext('list', 'etcd-timeout');
    const { lists } = await observe({ facts: { s4: member('active') }, etcd });
    expect(lists).toMatchObject([{ proven: true, entries: [{ name: 's4' }] }]);
  });

  it('proves nothing where no majority answers, however often it is asked, and says what each member knows', async () => {
    const etcd = new FakeEtcd(IPS);
    etcd.alive.delete('s6');
    etcd.entries.push(
      { ...etcd.entries[0], name: 's7' } as EtcdMember,
      { ...etcd.entries[0], name: 's8' } as EtcdMember,
    );
    const { lists } = await observe({ facts: { s4: member('active'), s5: member('active') }, etcd });
    expect(lists.map(({ by, proven, entries }) => [by, proven, entries.length])).toEqual([
      ['s4', false, 5],
      ['s5', false, 5],
    ]);
    expect(etcd.asked.length).toBeGreaterThan(1);
  });

  it('comes without a list where no member says anything at all', async () => {
    const etcd = new FakeEtcd(IPS);
    for (const name of ['s5', 's6']) etcd.alive.delete(name);
    etcd.failNext('known', 'etcd-unreachable');
    const { lists } = await observe({ facts: { s4: member('active') }, etcd });
    expect(lists).toEqual([]);
    expect(etcd.asked).toContain('known s4');
  });

  it('gives one that was just started longer to say whom it knows', async () => {
    const asked = async (woken: string[]) => {
      const etcd = new FakeEtcd(IPS);
      etcd.alive.clear();
      await observe({ facts: { s4: member('activating') }, etcd, woken });
      return etcd.asked.filter((call) => call === 'known s4').length;
    };
    expect(await asked(['s4'])).toBeGreaterThan(3 * (await asked([])));
  });

  it('does not ask again what never passes', async () => {
    const etcd = new FakeEtcd({ s4: '10.0.0.4' });
    etcd.failNext('read', 'etcd-certificate');
    const { lists } = await observe({ facts: { s4: member('active') }, etcd });
    expect([lists[0]?.proven, etcd.asked]).toEqual([false, ['read s4', 'known s4', 'status s4']]);
  });

  it('comes to no conclusion after Ctrl-C', async () => {
    const etcd = new FakeEtcd(IPS);
    etcd.alive.clear();
    const signal = AbortSignal.abort();
    await expect(observe({ facts: { s4: member('active') }, etcd, signal })).rejects.toBe(signal.reason);
  });

  it('asks nobody while a bootstrap goes on as it began, and before it begins again whether it works', async () => {
    const facts = Object.fromEntries(NAMES.map((name) => [name, member('active')]));
    const bootIds = { s4: 'b', s5: 'b', s6: 'b' };
    const asked = async (record: Partial<EtcdRecord>) => {
      const etcd = new FakeEtcd(IPS);
      const { lists } = await observe({ facts, etcd, record: { phase: 'bootstrapping', ...record } });
      return { proven: lists.some(({ proven }) => proven), asked: etcd.asked.length > 0 };
    };
    expect(await asked({ bootIds })).toEqual({ proven: false, asked: false });
    expect(await asked({ bootIds: { ...bootIds, s6: 'earlier' } })).toEqual({ proven: true, asked: true });
  });
});

describe('majorityRuns', () => {
  const judged = (facts: NodeFacts[], etcd: Partial<EtcdRecord> = {}): boolean =>
    majorityRuns(
      {
        memory: { record: { clusterId: 'c', operator: OPERATOR, spec, etcd: { ...etcdRecord, ...etcd } } },
        options: { spec },
      } as unknown as Run,
      new Map(facts.map((each, index) => [NAMES[index] ?? '', each])),
    );
  const running = member('active');

  it('is true with two of three members that run, whatever the third holds', () => {
    expect(judged([running, running])).toBe(true);
    expect(judged([running, running, sampleFacts()])).toBe(true);
  });

  it.each([
    ['one alone', [running]],
    ['one beside a blank machine', [running, sampleFacts()]],
    ['one that does not run', [running, member('failed')]],
    ['one of another incarnation', [running, member('active', 1)]],
    ['blank machines', [sampleFacts(), sampleFacts(), sampleFacts()]],
  ])('is false with %s', (_title, facts) => {
    expect(judged(facts)).toBe(false);
  });

  it('is false before a bootstrap is finished', () => {
    expect(judged([running, running, running], { phase: 'bootstrapping' })).toBe(false);
  });
});
