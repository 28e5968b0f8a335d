import { describe, expect, it } from 'vitest';
import type { MemberFacts } from '../../src/plan/etcd-facts.js';
import { copiedFirst } from '../../src/plan/etcd-order-types.js';
import { etcdOrders, membersToStart } from '../../src/plan/etcd-orders.js';
import type { EtcdRecord } from '../../src/state/records.js';
import { blocking, CONDITIONS, CURRENT, entry, factsOf, judge, RECORD, removed, said } from './etcd/situation.js';

describe('no cluster recorded', () => {
  it('bootstraps all blank members at once', () => {
    const orders = judge(['blank', 'blank', 'blank'], { record: undefined });
    expect(said(orders)).toEqual({ code: 'bootstrap', m0: 'bootstrap', m1: 'bootstrap', m2: 'bootstrap' });
    const begin = { do: 'begin-incarnation', incarnation: 1, members: ['m0', 'm1', 'm2'], discarded: [], why: 'first' };
    expect(orders).toMatchObject({ cluster: [begin], quorum: { state: 'made', through: ['m0', 'm1', 'm2'] } });
  });

  it('lets an absent member join later when a majority is there', () => {
    const orders = judge(['blank', 'unreachable', 'blank'], { record: undefined });
    expect(said(orders)).toEqual({ code: 'bootstrap', m0: 'bootstrap', m1: 'leave', m2: 'bootstrap' });
    expect(orders).toMatchObject({ absent: 'm1 cannot be reached', cluster: [{ members: ['m0', 'm2'] }] });
  });

  it('refuses without a majority', () => {
    expect(judge(['blank', 'unreachable', 'lost'], { record: undefined })).toMatchObject({ reason: 'no-majority' });
  });

  it.each(['running', 'stopped', 'foreign', 'unknown', 'claimed'])(
    'refuses data it does not know (%s)',
    (condition) => {
      expect(judge(['blank', condition, 'blank'], { record: undefined })).toMatchObject({ reason: 'unknown-data' });
    },
  );
});

describe('a bootstrap that never finished', () => {
  const record = (bootIds: Record<string, string>, more: Partial<EtcdRecord> = {}): EtcdRecord => ({
    ...RECORD,
    phase: 'bootstrapping',
    members: ['m0', 'm1', 'm2'],
    bootIds,
    ...more,
  });
  const same = { m0: 'boot-0', m1: 'boot-1', m2: 'boot-2' };
  const another = { ...same, m1: 'earlier' };

  it('is resumed under its token while every epoch is the same', () => {
    const orders = judge(['begun', 'blank', 'old'], { record: record(same) });
    const resumed = 'resume-bootstrap';
    expect(said(orders)).toEqual({ code: resumed, m0: resumed, m1: resumed, m2: resumed });
    expect(orders).toMatchObject({ cluster: [] });
  });

  it('wipes what a killed operator had not wiped yet, where a person had given it up for this incarnation', () => {
    const orders = judge(['older', 'blank', 'begun'], { record: record(same, { discarded: ['m0'] }) });
    expect(said(orders)).toMatchObject({ m0: 'resume-bootstrap, wiped: discarded', m2: 'resume-bootstrap' });
    expect(said(judge(['older', 'blank', 'begun'], { record: record(same) }))).toEqual({ refused: 'older-data' });
    const rebooted = { m0: { bootId: 'later' } };
    const later = { record: record(same, { discarded: ['m0'] }), members: rebooted };
    expect(said(judge(['older', 'blank', 'blank'], later))).toEqual({ refused: 'older-data' });
  });

  it('starts again under a new incarnation when a member rebooted, wiping what that very attempt had made', () => {
    const orders = judge(['begun', 'blank', 'begun'], { record: record(another), silent: true });
    const wiped = 'bootstrap, wiped: unfinished';
    expect(said(orders)).toEqual({ code: 'bootstrap', m0: wiped, m1: 'bootstrap', m2: wiped });
    const discarded = ['m0', 'm2'];
    expect(orders).toMatchObject({ cluster: [{ incarnation: CURRENT + 1, why: 'unfinished', discarded }] });
  });

  it('wipes no data that does not carry its token without a word, and names who has it', () => {
    const options = { record: record(another), silent: true };
    expect(judge(['old', 'blank', 'begun'], options)).toMatchObject({
      reason: 'unfinished-data',
      message: expect.stringContaining('m0 holds etcd data that is not marked'),
      hint: expect.stringContaining('--discard-data'),
    });
    const given = judge(['old', 'blank', 'begun'], { ...options, discardData: ['m0'] });
    expect(said(given)).toMatchObject({ m0: 'bootstrap, wiped: discarded', m2: 'bootstrap, wiped: unfinished' });
  });

  it('may be resumed over data of an old release in the same boots, and not wiped without a word', () => {
    const unmarked = { ...CONDITIONS.begun, open: undefined } as MemberFacts['condition'];
    const each: Record<string, Partial<MemberFacts>>[] = [{ m0: { condition: unmarked } }, {}];
    for (const members of each) {
      const conditions = ['old', 'blank', 'begun'];
      expect(said(judge(conditions, { record: record(same), members }))).toMatchObject({ code: 'resume-bootstrap' });
      const refusal = judge(conditions, { record: record(another), members, silent: true });
      expect(refusal).toMatchObject({ reason: 'unfinished-data', hint: expect.stringMatching(/^--discard-data m0 /) });
    }
  });

  it('was finished where data says so over which an apiserver was started: the record is an older copy', () => {
    const copy = { record: record(another), silent: true };
    // Two are slow, and the third was rebooted.
    expect(said(judge(['running', 'running', 'blank'], copy))).toEqual({
      code: 'revive',
      m0: 'keep',
      m1: 'keep',
      m2: 'wait',
    });
    expect(said(judge(['running', 'blank', 'blank'], { record: record(another) }))).toEqual({ refused: 'quorum-lost' });
    // One that was not told in time is no reason either.
    expect(said(judge(['running', 'begun', 'blank'], copy))).toMatchObject({ code: 'revive', m1: 'keep' });
    expect(membersToStart(factsOf(['running', 'stopped', 'blank'], copy))).toEqual(['m1']);
    expect(said(judge(['running', 'running', 'running'], { record: record(same), silent: true }))).toMatchObject({
      code: 'revive',
    });
  });

  it('begins again without one that is away where something shows that it went no further', () => {
    const conditions = (first: string) => [first, 'blank', 'unreachable'];
    const rebooted = { ...same, m0: 'earlier', m1: 'earlier' };
    expect(said(judge(conditions('begun'), { record: record(rebooted), silent: true }))).toMatchObject({
      code: 'bootstrap',
      m2: 'leave',
    });
    expect(said(judge(conditions('blank'), { record: record(same) }))).toMatchObject({ code: 'bootstrap' });
    // An older copy of the record says as much of a cluster that lost power.
    expect(said(judge(conditions('blank'), { record: record(rebooted) }))).toEqual({ refused: 'may-hold-data' });
    const lost = judge(['blank', 'blank', 'lost'], { record: record(rebooted) });
    expect(said(lost)).toMatchObject({ code: 'bootstrap' });
  });

  it('wipes nothing where a linearizable read works: it is finished, and who rebooted is taken in anew', () => {
    const orders = judge(['begun', 'blank', 'begun'], { record: record(another), quorumProven: true });
    expect(said(orders)).toEqual({ code: 'rejoin', m0: 'keep', m1: 'join-as-learner', m2: 'keep' });
  });

  it('needs a majority', () => {
    expect(judge(['blank', 'unreachable', 'unreachable'], { record: record(same) })).toMatchObject({ code: 'refused' });
  });
});

describe('an established cluster', () => {
  const three = ['running', 'running', 'running'];

  it('has nothing to do when all members run with a quorum', () => {
    const orders = judge(three, { quorumProven: true });
    expect(said(orders)).toEqual({ code: 'healthy', m0: 'keep', m1: 'keep', m2: 'keep' });
    expect(orders).toMatchObject({
      cluster: [],
      quorum: { state: 'works', through: ['m0', 'm1', 'm2'] },
      absent: '',
    });
  });

  it('changes nothing over members whose markers an earlier release wrote', () => {
    expect(said(judge(['old', 'old', 'old'], { quorumProven: true }))).toEqual(
      said(judge(three, { quorumProven: true })),
    );
    expect(said(judge(['old', 'old', 'blank']))).toEqual(said(judge(['running', 'running', 'blank'])));
    expect(said(judge(['old', 'blank', 'blank'], { silent: true }))).toMatchObject({ code: 'revive', m0: 'keep' });
  });

  it('brings up whoever has data before it judges, when that may make a quorum', () => {
    const orders = judge(['running', 'stopped', 'blank']);
    expect(said(orders)).toEqual({ code: 'revive', m0: 'keep', m1: 'start', m2: 'wait' });
    expect(orders).toMatchObject({ quorum: { state: 'awaited', through: ['m0', 'm1'] } });
  });

  it('brings up a majority that runs and does not answer: its certificates may have expired', () => {
    expect(judge(three, { silent: true })).toMatchObject({ code: 'revive', quorum: { through: ['m0', 'm1', 'm2'] } });
  });

  it('has no need to judge a stopped member while a quorum answers: its unit is started like any other', () => {
    expect(said(judge(['running', 'stopped', 'running'], { quorumProven: true }))).toMatchObject({ m1: 'start' });
  });

  it('says the same whichever of the members answers first', () => {
    const facts = factsOf(three, { quorumProven: true });
    const through = facts.members.map(({ name: by }) => {
      const orders = etcdOrders({ ...facts, lists: facts.lists.map((list) => ({ ...list, by })) });
      return orders.code !== 'refused' && orders.quorum.through;
    });
    expect(through).toEqual(Array.from(three, () => ['m0', 'm1', 'm2']));
  });

  it('leaves a member alone whose machine failed its preflight', () => {
    const orders = judge(['running', 'blank', 'running'], { quorumProven: true, members: { m1: { fit: false } } });
    expect(said(orders)).toEqual({ code: 'healthy', m0: 'keep', m1: 'leave', m2: 'keep' });
    // Its data is gone all the same.
    expect(removed(orders)).toEqual(['m1']);
  });

  it('goes through whoever has the data, even on a machine that failed its preflight', () => {
    const members = { m0: { fit: false }, m2: { fit: false } };
    const orders = judge(['running', 'blank', 'running'], { quorumProven: true, members });
    expect(said(orders)).toEqual({ code: 'rejoin', m0: 'leave', m1: 'join-as-learner', m2: 'leave' });
    expect(orders).toMatchObject({ quorum: { through: ['m0', 'm2'] } });
  });

  it('counts data that was read on a machine that failed its preflight: it is not unreachable', () => {
    const refusal = judge(['running', 'blank', 'blank'], { members: { m0: { fit: false } } });
    expect(refusal).toMatchObject({ reason: 'quorum-lost', hint: expect.stringContaining('preflight errors of m0') });
    expect(refusal.code === 'refused' && refusal.message).not.toContain('cannot be reached');
  });

  it('brings blank members back while a quorum answers', () => {
    const orders = judge(['running', 'blank', 'running', 'running', 'blank'], { quorumProven: true });
    expect(said(orders)).toMatchObject({ code: 'rejoin', m1: 'join-as-learner', m4: 'join-as-learner' });
    expect(removed(orders)).toEqual(['m1', 'm4']);
    expect(orders).toMatchObject({ quorum: { through: ['m0', 'm2', 'm3'] } });
  });

  it("takes a person's word that a member is lost: its entry goes, and blocks nobody who rejoins", () => {
    const orders = judge(['running', 'blank', 'lost', 'running', 'running'], { quorumProven: true });
    expect(said(orders)).toMatchObject({ code: 'rejoin', m1: 'join-as-learner', m2: 'leave' });
    expect(orders).toMatchObject({ absent: 'm2 cannot be reached' });
    expect(blocking(orders)).toBeUndefined();
    expect(removed(orders)).toEqual(['m1', 'm2']);
    const healthy = ['running', 'running', 'lost'];
    expect(removed(judge(healthy, { quorumProven: true }))).toEqual(['m2']);
    const entries = [entry('m0'), entry('m1')];
    expect(removed(judge(healthy, { quorumProven: true, entries }))).toEqual([]);
  });

  it('names the voters out of reach beside which nobody may be taken in, and removes a learner out of reach', () => {
    const five = ['running', 'running', 'running', 'blank', 'unreachable'];
    const all = ['m0', 'm1', 'm2', 'm3'].map((name) => entry(name));
    const voter = judge(five, { quorumProven: true });
    expect(blocking(voter)).toEqual({
      members: ['m4'],
      message: 'etcd accepts no new member while m4 cannot be reached; the cluster keeps working',
      hint: 'bring m4 back and run up again, or give --lost m4 if permanently off',
    });
    expect(removed(voter)).toEqual(['m3']);
    const learner = judge(five, { quorumProven: true, entries: [...all, entry('m4', { isLearner: true })] });
    expect(blocking(learner)).toBeUndefined();
    expect(removed(learner)).toEqual(['m3', 'm4']);
    expect(removed(judge(five, { quorumProven: true, entries: all }))).toEqual(['m3']);
    expect(removed(judge(['running', 'running', 'unreachable'], { quorumProven: true }))).toEqual([]);
  });

  it('names voters beside which nobody may be taken in though they are not on the list of hosts', () => {
    const entries = [...['m0', 'm1', 'm2'].map((name) => entry(name)), entry('s9')];
    const orders = judge(['running', 'running', 'blank'], { quorumProven: true, entries });
    expect(blocking(orders)).toEqual({
      members: [],
      message: 'etcd accepts no new member while s9, not on the list of hosts, may be off; the cluster keeps working',
      hint: 'put s9 back on the list of hosts (--hosts, --control-plane), with --lost if permanently off',
    });
  });

  it('begins the next incarnation when every member is blank', () => {
    const orders = judge(['blank', 'blank', 'blank']);
    expect(orders).toMatchObject({ code: 'bootstrap', cluster: [{ incarnation: CURRENT + 1, why: 'all-blank' }] });
  });

  it('begins one above the life that its snapshot is of, where the record is an older copy', () => {
    const backup = { kind: 'usable', id: `${CURRENT + 3}-9`, incarnation: CURRENT + 3 } as const;
    const orders = judge(['blank', 'blank', 'blank'], { backup });
    expect(orders).toMatchObject({ cluster: [{ incarnation: CURRENT + 4, from: `${CURRENT + 3}-9` }] });
  });

  it('is not begun where one lost its data without a reboot: it may still be somewhere', () => {
    const members = { m1: { condition: { kind: 'blank', sameBoot: true } } } as const;
    for (const discardData of [[], ['m1']]) {
      expect(judge(['blank', 'blank', 'blank'], { members, discardData })).toMatchObject({
        reason: 'may-hold-data',
        message: expect.stringContaining('m1 has no data, and was not rebooted since it was recorded'),
        hint: expect.stringContaining('or reboot m1 if it may go'),
      });
    }
    // Beside a quorum that has all of it, it is taken in like any other.
    expect(said(judge(['running', 'blank', 'running'], { members, quorumProven: true }))).toMatchObject({
      m1: 'join-as-learner',
    });
  });

  it('is not begun where a reboot does not explain that one has no data: another machine, or a disk that is not there', () => {
    const elsewhere = 'is another machine than before';
    const members = { m1: { condition: { kind: 'blank', elsewhere } } } as const;
    expect(judge(['blank', 'blank', 'blank'], { members })).toMatchObject({
      reason: 'may-hold-data',
      message: expect.stringContaining('m1 is another machine than before'),
      hint: expect.stringContaining('--lost m1'),
    });
    expect(said(judge(['running', 'blank', 'running'], { members, quorumProven: true }))).toMatchObject({
      m1: 'join-as-learner',
    });
  });

  it('nor is what others hold given up, or gone on with, as long as its data may be elsewhere, and further', () => {
    const members = { m1: { condition: { kind: 'blank', elsewhere: 'is another machine than before' } } } as const;
    const asked = { reason: 'may-hold-data', message: expect.stringContaining('m1 is another machine') };
    const kinds = ['running', 'blank', 'blank'] as const;
    expect(judge([...kinds], { members, discardData: ['m0'] })).toMatchObject(asked);
    const recoverFrom = { name: 'm0', olderData: false };
    expect(judge([...kinds], { members, recoverFrom })).toMatchObject(asked);
  });

  it('stops when one member holds data and no quorum can be proven', () => {
    expect(judge(['running', 'blank', 'blank'])).toMatchObject({
      reason: 'quorum-lost',
      message:
        "etcd quorum lost: 1 of 3 voters that m0 knows of (m0) has the cluster's data; m1 lost its data, m2 lost its data; held: m0 (incarnation 3, revision unknown)",
      hint: '--recover-from m0 goes on with what m0 holds, after a copy of all that is held; or --discard-data m0 keeps a copy of that data, deletes it there and starts empty',
    });
  });

  it('names the unreachable member that may still hold data', () => {
    expect(judge(['blank', 'unreachable', 'blank'])).toMatchObject({
      reason: 'may-hold-data',
      message: expect.stringContaining('m1'),
    });
  });

  it('says what keeps us out of a machine that is there: it is not off', () => {
    const barred = {
      condition: { kind: 'unreachable', lost: false, obstacle: 'does not accept our key', answers: true },
    } as const;
    const members = { m1: barred };
    const first = judge(['unreachable', 'unreachable', 'blank'], { record: undefined, members });
    expect(first).toMatchObject({
      message: 'only 1 of 3 control planes can be used: m0 cannot be reached, m1 does not accept our key',
      hint: expect.stringMatching(/^fix SSH access to m1, start those that are off, or/),
    });
    expect(judge(['blank', 'unreachable', 'blank'], { members })).toMatchObject({
      message: "no reachable control plane has the cluster's data; m1 does not accept our key and may still have it",
    });
    // No word that it is off is advised, which is not taken of a machine that answers.
    expect(judge(['blank', 'unreachable', 'unreachable'], { members })).toMatchObject({
      hint: 'fix SSH access to m1; bring m2 back, or confirm with --lost m2 that it is permanently off and its data lost',
    });
    const nameless = { m1: { condition: { kind: 'unreachable', lost: false, obstacle: 'has no address' } } } as const;
    expect(judge(['blank', 'unreachable', 'blank'], { members: nameless })).toMatchObject({
      hint: expect.stringContaining('--lost m1'),
    });
    const five = ['running', 'unreachable', 'blank', 'running', 'running'];
    const beside = judge(five, { quorumProven: true, members });
    expect(beside).toMatchObject({ absent: 'm1 does not accept our key' });
    expect(blocking(beside)).toMatchObject({
      message: 'etcd accepts no new member while m1 does not accept our key; the cluster keeps working',
      hint: 'fix SSH access to m1',
    });
    expect(judge(['running', 'unreachable', 'blank'], { members })).toMatchObject({
      message: expect.stringContaining('m1 does not accept our key, m2 lost its data'),
      hint: 'fix SSH access to m1; or reboot m0 if its data may go',
    });
  });

  it("accepts a person's word that an unreachable member is lost", () => {
    const orders = judge(['blank', 'lost', 'blank']);
    expect(said(orders)).toEqual({ code: 'bootstrap', m0: 'bootstrap', m1: 'leave', m2: 'bootstrap' });
  });

  it('refuses data of a later incarnation, or of a copy that began one of the same number', () => {
    const record = { ...RECORD, incarnation: CURRENT - 1 };
    expect(said(judge(['running'], { record }))).toEqual({ refused: 'future-data' });
    expect(judge(['copied', 'running', 'running'], { quorumProven: true })).toMatchObject({
      reason: 'future-data',
      message: expect.stringContaining('m0 holds etcd data of incarnation 3'),
    });
  });

  it('tells the others of a new address before the member is restarted with it', () => {
    const entries = [entry('m0'), entry('m1', { peerUrls: ['https://10.0.0.9:2380'] }), entry('m2')];
    const orders = judge(three, { quorumProven: true, entries });
    expect(said(orders)).toEqual({ code: 'healthy', m0: 'keep', m1: 'update-peer-url', m2: 'keep' });
    const order = { do: 'update-peer-url', id: 'id-m1', url: 'https://m1:2380' };
    expect(orders.code !== 'refused' && orders.members.get('m1')).toEqual(order);
  });

  it('tells it of none that is known by its name alone, as an earlier release marked it, unless it says who it is', () => {
    const entries = [entry('m0'), entry('m1', { peerUrls: ['https://10.0.0.9:2380'] }), entry('m2')];
    const orders = judge(['running', 'old', 'running'], { quorumProven: true, entries });
    expect(orders.code !== 'refused' && orders.members.get('m1')).toMatchObject({
      do: 'leave',
      ask: { reason: 'member-unknown', hint: expect.stringContaining('reboot m1') },
    });
    const condition = { ...CONDITIONS.old, memberId: 'id-m1' } as MemberFacts['condition'];
    const served = judge(['running', 'old', 'running'], {
      quorumProven: true,
      entries,
      members: { m1: { condition } },
    });
    expect(said(served)).toMatchObject({ m1: 'update-peer-url' });
  });

  it('of two that got the address of each other none is moved: one of them is to join anew', () => {
    const entries = [
      entry('m0', { peerUrls: ['https://m1:2380'] }),
      entry('m1', { peerUrls: ['https://m0:2380'] }),
      ...['m2', 'm3', 'm4'].map((name) => entry(name)),
    ];
    const five = ['running', 'running', 'running', 'running', 'running'];
    const orders = judge(five, { quorumProven: true, entries });
    expect(said(orders)).toMatchObject({ m0: 'leave', m1: 'leave' });
    expect(orders.code !== 'refused' && orders.members.get('m0')).toMatchObject({
      ask: { reason: 'address-taken', hint: expect.stringContaining('reboot m0') },
    });
  });

  it('names those that moved where no quorum is left to be told', () => {
    const entries = ['m0', 'm1', 'm2'].map((name, index) =>
      entry(name, { peerUrls: [`https://10.0.0.${index}:2380`] }),
    );
    expect(judge(three, { entries })).toMatchObject({
      code: 'revive',
      quorum: { moved: ['m0 (https://10.0.0.0:2380)', 'm1 (https://10.0.0.1:2380)', 'm2 (https://10.0.0.2:2380)'] },
    });
  });

  it('takes no entry for that of a member because it got the address of another one that lives', () => {
    // m1 is blank and has the address that m0 had until a moment ago.
    const entries = [entry('m0', { peerUrls: ['https://m1:2380'] }), entry('m2')];
    const orders = judge(['running', 'blank', 'running'], { quorumProven: true, entries });
    // First the others are told where m0 is now: at the URL of a voter, m1 would be given that one's ID.
    expect(said(orders)).toEqual({ code: 'healthy', m0: 'update-peer-url', m1: 'wait', m2: 'keep' });
    expect(removed(orders)).toEqual([]);
  });

  it.each([
    [
      'is out of reach',
      'unreachable',
      {},
      /^bring m0 back and run up again, .*or give --lost m0 if permanently off; or/,
    ],
    [
      'did not pass preflight',
      'running',
      { fit: false },
      /^see to it that m0 takes part .*; or give m1 another address$/,
    ],
  ])('takes nobody in at the address of a member that %s: both are named', (_title, condition, more, hint) => {
    const entries = [entry('m0', { peerUrls: ['https://m1:2380'] }), ...['m2', 'm3', 'm4'].map((name) => entry(name))];
    const five = [condition, 'blank', 'running', 'running', 'running'];
    const orders = judge(five, { quorumProven: true, entries, members: { m0: more } });
    expect(said(orders)).toMatchObject({ code: 'healthy', m1: 'leave' });
    expect(orders.code !== 'refused' && orders.members.get('m1')).toMatchObject({
      ask: {
        reason: 'address-taken',
        message: 'm1 has the address (m1) that etcd knows m0 by, and can be no member beside it',
        hint: expect.stringMatching(hint),
      },
    });
    expect(removed(orders)).toEqual([]);
  });

  it('takes it in where that member is lost by word of a person, or lost its data: its entry goes first', () => {
    const entries = [entry('m0', { peerUrls: ['https://m1:2380'] }), entry('m2'), entry('m3'), entry('m4')];
    for (const condition of ['lost', 'blank']) {
      const orders = judge([condition, 'blank', 'running', 'running', 'running'], { quorumProven: true, entries });
      expect(said(orders)).toMatchObject({ m1: 'join-as-learner' });
      expect(removed(orders)).toEqual(['m0']);
    }
  });

  it('knows the entry of one that was added and never started, or had another name, by its address', () => {
    for (const name of ['', 'formerly']) {
      const entries = [
        entry('m0'),
        entry('m2'),
        entry(name, { id: '9', peerUrls: ['https://m1:2380'], isLearner: true }),
      ];
      expect(removed(judge(['running', 'blank', 'running'], { quorumProven: true, entries }))).toEqual(['m1']);
    }
  });
});

describe('a name is no proof of whose the data is', () => {
  const holding = (memberId: string): Partial<MemberFacts> => ({
    condition: { ...CONDITIONS.running, memberId } as MemberFacts['condition'],
  });
  const five = ['m0', 'm1', 'm2', 'm3', 'm4'].map((name) => entry(name));

  it('a machine that was removed and replaced by another of its name moves nobody, and that one stays', () => {
    const entries = [...five.slice(0, 4), entry('m4', { id: 'new', peerUrls: ['https://10.0.0.9:2380'] })];
    const all = ['running', 'running', 'running', 'running', 'running'];
    const orders = judge(all, { quorumProven: true, entries, members: { m4: holding('removed') } });
    expect(said(orders)).toMatchObject({ code: 'healthy', m4: 'leave' });
    expect(removed(orders)).toEqual([]);
    expect(orders.code !== 'refused' && orders.members.get('m4')).toMatchObject({
      ask: {
        reason: 'name-taken',
        message: expect.stringContaining('etcd knows another machine as m4 (https://10.0.0.9:2380)'),
        hint: expect.stringContaining('reboot the one that it leads to now'),
      },
    });
  });

  it('machines that swapped their names: who has its data keeps its vote, and the dead entry goes', () => {
    // m4 is the machine that was m3, which lives; what is called m3 now was m4, and was rebooted.
    const members = {
      m3: { peerUrl: 'https://m4:2380' },
      m4: { ...holding('id-m3'), peerUrl: 'https://m3:2380' },
    };
    const orders = judge(['running', 'running', 'running', 'blank', 'running'], {
      quorumProven: true,
      entries: five,
      members,
    });
    expect(said(orders)).toMatchObject({ code: 'rejoin', m3: 'join-as-learner', m4: 'keep' });
    expect(orders).toMatchObject({ cluster: [{ do: 'remove-entry', member: 'm3', id: 'id-m4' }] });
  });

  it('an entry is not taken from one out of reach that was last seen at its address', () => {
    const members = { m3: { peerUrl: 'https://m4:2380' }, m4: { peerUrl: 'https://m3:2380' } };
    const orders = judge(['running', 'running', 'running', 'blank', 'unreachable'], {
      quorumProven: true,
      entries: five,
      members,
    });
    expect(said(orders)).toMatchObject({ m3: 'leave' });
    expect(removed(orders)).toEqual([]);
  });

  it('data of a removed member is not promoted in the place of the learner that was just added for it', () => {
    const entries = [...five.slice(0, 2), entry('', { id: 'new', peerUrls: ['https://m2:2380'], isLearner: true })];
    const orders = judge(['running', 'running', 'learner'], { quorumProven: true, entries });
    expect(said(orders)).toMatchObject({ m2: 'join-as-learner, wiped: rejoin' });
    expect(orders).toMatchObject({ cluster: [{ do: 'remove-entry', id: 'new' }] });
  });

  it('makes no quorum of it either', () => {
    const members = { m1: holding('removed') };
    const orders = judge(['running', 'stopped', 'blank'], { entries: five.slice(0, 3), members });
    expect(orders).toMatchObject({
      reason: 'quorum-lost',
      message: expect.stringContaining('m1 has that of another member, m2 lost its data'),
      hint: '--recover-from m0 goes on with what m0 holds, after a copy of all that is held; or --discard-data m0,m1 keeps a copy of that data, deletes it there and starts empty',
    });
  });
});

describe('the members say who votes, whatever the list of hosts says', () => {
  const alone = [entry('m0')];

  it('one grown to three on the list, that is the whole of etcd and slow, is waited for and not given up', () => {
    for (const options of [{ silent: true }, { entries: alone }]) {
      for (const discardData of [[], ['m0']]) {
        const orders = judge(['running', 'blank', 'blank'], { ...options, discardData });
        expect(said(orders)).toEqual({ code: 'revive', m0: 'keep', m1: 'wait', m2: 'wait' });
      }
    }
  });

  it('two that are left of five are a majority of three voters, after --lost', () => {
    const entries = ['m0', 'm1', 'm2'].map((name) => entry(name));
    const five = ['running', 'running', 'unreachable', 'lost', 'lost'];
    expect(said(judge(five, { entries }))).toMatchObject({ code: 'revive' });
    expect(said(judge(five, { entries, quorumProven: true }))).toMatchObject({ code: 'healthy' });
    expect(said(judge(five))).toEqual({ refused: 'quorum-lost' });
  });

  it('voters that are not on the list count, and are named with the way back', () => {
    const entries = [entry('m0'), entry('s8'), entry('s9')];
    const lost = judge(['running', 'blank', 'blank'], { entries, discardData: ['m0'] });
    expect(lost).toMatchObject({
      reason: 'quorum-lost',
      message: expect.stringContaining('s8 is not on the list of hosts, s9 is not'),
      hint: 'put s8, s9 back on the list of hosts (--hosts, --control-plane); or reboot m0 if its data may go',
    });
  });

  it('goes by each member that answers, where one of them was cut off and knows less', () => {
    const facts = factsOf(['running', 'running', 'unreachable']);
    const cutOff = { by: 'm0', proven: false, entries: [entry('m0'), entry('s8'), entry('s9')] };
    const others = facts.lists.filter(({ by }) => by !== 'm0');
    expect(said(etcdOrders({ ...facts, lists: [cutOff, ...others] }))).toMatchObject({ code: 'revive' });
  });

  it('takes one that runs and says nothing for what may be the whole of etcd, whatever a member knows that was cut off', () => {
    // Shrunk to m0 by --lost, while m4 could not hear of it; now m0 is slow.
    const entries = ['m0', 'm1', 'm2', 'm3', 'm4'].map((name) => entry(name));
    const facts = factsOf(['running', 'blank', 'blank', 'blank', 'running'], { entries, discardData: ['m0', 'm4'] });
    const answering = facts.lists.filter(({ by }) => by === 'm4');
    expect(said(etcdOrders({ ...facts, lists: answering }))).toMatchObject({ code: 'revive', m0: 'keep', m4: 'keep' });
    expect(said(etcdOrders(facts))).toMatchObject({ code: 'bootstrap' });
  });

  it('says what each of them knows where no quorum comes of any', () => {
    const facts = factsOf(['running', 'blank', 'running']);
    const fewer = { by: 'm0', proven: false, entries: [entry('m0'), entry('s8')] };
    const orders = etcdOrders({ ...facts, lists: [fewer, ...facts.lists.slice(1)], members: facts.members });
    expect(orders).toMatchObject({ code: 'revive' });
    const five = factsOf(['running', 'blank', 'blank', 'blank', 'running']);
    const both = etcdOrders({ ...five, lists: [fewer, ...five.lists.slice(1)] });
    expect(both).toMatchObject({
      message: expect.stringContaining(
        "1 of 2 voters that m0 knows of (m0) has the cluster's data, 2 of 5 voters that m4 knows of (m0, m4) have the cluster's data; s8 is not on",
      ),
    });
  });
});

describe('a learner that was left behind', () => {
  const entries = [entry('m0'), entry('m1'), entry('m2', { isLearner: true })];

  it.each([
    ['one that is off', 'unreachable'],
    ['one that lost its data', 'blank'],
  ])('is no voter that holds data, beside %s: the loss is said, and can be accepted', (_title, condition) => {
    const refusal = judge(['running', condition, 'learner'], { entries });
    expect(refusal).toMatchObject({
      reason: 'quorum-lost',
      message: expect.stringMatching(/1 of 2 voters that m0 knows of \(m0\) .*m2 has it without a vote/),
      hint: expect.stringContaining('--discard-data m0,m2 keeps a copy of that data'),
    });
    const word = condition === 'blank' ? condition : 'lost';
    const given = judge(['running', word, 'learner'], { entries, discardData: ['m0', 'm2'] });
    expect(said(given)).toMatchObject({ code: 'bootstrap', m0: 'bootstrap, wiped: discarded' });
  });

  it('is told by its marker beside somebody who tells more: a run may have been cut off before it noted the promotion', () => {
    // The other voter may have been removed since, and this one be the whole of etcd.
    for (const discardData of [[], ['m2']]) {
      expect(said(judge(['blank', 'blank', 'learner'], { silent: true, discardData }))).toMatchObject({
        code: 'revive',
        m2: 'keep',
      });
    }
    expect(said(judge(['blank', 'blank', 'learner'], { entries }))).toEqual({ refused: 'quorum-lost' });
    const given = judge(['blank', 'blank', 'learner'], { entries, discardData: ['m2'] });
    expect(said(given)).toMatchObject({ m2: 'bootstrap, wiped: discarded' });
    const unfit = { m0: { fit: false } };
    const beside = judge(['stopped', 'blank', 'learner'], { silent: true, members: unfit });
    expect(said(beside)).toEqual({ refused: 'quorum-lost' });
  });

  it('is promoted where a quorum answers and nobody else joins', () => {
    const orders = judge(['running', 'running', 'learner'], { entries, quorumProven: true });
    expect(said(orders)).toEqual({ code: 'rejoin', m0: 'keep', m1: 'keep', m2: 'promote' });
    expect(orders).toMatchObject({ cluster: [], quorum: { through: ['m0', 'm1'] } });
  });

  it('joins anew beside others that do: there may be one learner at a time', () => {
    const five = ['running', 'running', 'learner', 'running', 'blank'];
    const orders = judge(five, { entries: [...entries, entry('m3'), entry('m4')], quorumProven: true });
    expect(said(orders)).toMatchObject({ m2: 'join-as-learner, wiped: rejoin', m4: 'join-as-learner' });
    expect(removed(orders)).toEqual(['m2', 'm4']);
  });

  it('joins anew when its entry is gone', () => {
    const orders = judge(['running', 'running', 'learner'], { entries: entries.slice(0, 2), quorumProven: true });
    expect(said(orders)).toMatchObject({ code: 'rejoin', m2: 'join-as-learner, wiped: rejoin' });
  });

  it('is noted to hold objects before its apiserver starts, where the run that began its life was cut off', () => {
    const orders = judge(['running', 'begun', 'running'], { quorumProven: true });
    expect(orders.code !== 'refused' && orders.members.get('m1')).toEqual({ do: 'keep', markAs: 'id-m1' });
  });

  it('is a voter when the quorum says so, whatever its marker does, which is then put right', () => {
    const orders = judge(['running', 'running', 'learner'], { quorumProven: true });
    expect(said(orders)).toMatchObject({ code: 'healthy', m2: 'keep' });
    expect(orders.code !== 'refused' && orders.members.get('m2')).toEqual({ do: 'keep', markAs: 'id-m2' });
  });
});

describe('a masked unit', () => {
  it('is asked about where it may be what a quorum lacks, and never given up', () => {
    for (const discardData of [[], ['m0']]) {
      expect(judge(['masked', 'blank', 'blank'], { discardData })).toMatchObject({
        reason: 'etcd-masked',
        hint: expect.stringContaining('unmask etcd.service on m0'),
      });
    }
  });

  it('is left alone while a quorum answers, and its own node asks', () => {
    const orders = judge(['running', 'masked', 'running'], { quorumProven: true });
    expect(said(orders)).toEqual({ code: 'healthy', m0: 'keep', m1: 'leave', m2: 'keep' });
    const order = { do: 'leave', ask: { reason: 'etcd-masked' } };
    expect(orders.code !== 'refused' && orders.members.get('m1')).toMatchObject(order);
    expect(orders).toMatchObject({ quorum: { through: ['m0', 'm2'] } });
  });
});

describe('a unit that was masked and not stopped, or where there is no data', () => {
  const masked = (condition: string): Partial<MemberFacts> => ({
    condition: { ...CONDITIONS[condition], masked: true } as MemberFacts['condition'],
  });
  const runs: Partial<MemberFacts> = {
    condition: { ...CONDITIONS.running, masked: true, memberId: 'id-m1' } as MemberFacts['condition'],
  };

  it('is left as it is, asked about, and counts while it runs', () => {
    for (const [condition, member] of [
      ['running', runs],
      ['blank', masked('blank')],
    ] as const) {
      const orders = judge(['running', condition, 'running'], { quorumProven: true, members: { m1: member } });
      expect(orders.code !== 'refused' && orders.members.get('m1')).toMatchObject({
        do: 'leave',
        ask: { reason: 'etcd-masked' },
      });
      const through = condition === 'running' ? ['m0', 'm1', 'm2'] : ['m0', 'm2'];
      expect(orders).toMatchObject({ quorum: { through } });
    }
  });

  it('is asked about before a life begins on it', () => {
    const members = { m1: masked('blank') };
    for (const options of [{ record: undefined }, {}]) {
      expect(judge(['blank', 'blank', 'blank'], { ...options, members })).toMatchObject({
        reason: 'etcd-masked',
        hint: 'unmask etcd.service on m1 (systemctl unmask) and run the same command again',
      });
    }
  });
});

describe('data of an older incarnation', () => {
  it('is not wiped without a word, where no quorum lives', () => {
    const conditions = ['blank', 'older', 'blank'];
    expect(judge(conditions)).toMatchObject({
      reason: 'older-data',
      message: expect.stringContaining('m1 (incarnation 2)'),
      hint: '--discard-data m1 keeps a copy of it as a stray, and deletes it there; or reboot m1 if it may go',
    });
    expect(said(judge(conditions, { discardData: ['m1'] }))).toMatchObject({ m1: 'bootstrap, wiped: discarded' });
  });

  it('comes back by itself to a quorum that lives: it goes once it was copied', () => {
    const orders = judge(['running', 'older', 'running'], { quorumProven: true });
    expect(said(orders)).toMatchObject({ code: 'rejoin', m1: 'join-as-learner, wiped: older' });
    expect(removed(orders)).toEqual(['m1']);
    expect(orders.code !== 'refused' && copiedFirst(orders)).toEqual(['m1']);
  });

  it('waits while those of the current one are brought up', () => {
    expect(said(judge(['running', 'older', 'running'], { silent: true }))).toMatchObject({
      code: 'revive',
      m1: 'wait',
    });
  });
});

describe('stopped members are started before anything is judged', () => {
  const started = (conditions: string[], options: Parameters<typeof factsOf>[1] = {}) =>
    membersToStart(factsOf(conditions, options));

  it('those of the recorded incarnation, as far as their machines are fit', () => {
    expect(started(['stopped', 'stopped', 'blank'])).toEqual(['m0', 'm1']);
    expect(started(['stopped', 'running', 'unreachable'], { members: { m0: { fit: false } } })).toEqual([]);
  });

  it('none that is masked, of an older incarnation, or removed', () => {
    expect(started(['masked', 'older', 'running'])).toEqual([]);
    expect(started(['stopped', 'running', 'running'], { entries: [entry('m1'), entry('m2')] })).toEqual([]);
    expect(started(['stopped', 'running', 'running'])).toEqual(['m0']);
  });

  it('none where something is refused anyway, or nothing was ever finished', () => {
    expect(started(['stopped', 'foreign', 'blank'])).toEqual([]);
    expect(started(['stopped', 'blank', 'blank'], { newCluster: true })).toEqual([]);
    const stopped = { ...CONDITIONS.begun, running: false } as MemberFacts['condition'];
    const unfinished = {
      record: { ...RECORD, phase: 'bootstrapping' },
      members: { m0: { condition: stopped } },
    } as const;
    expect(started(['begun', 'blank', 'blank'], unfinished)).toEqual([]);
  });
});

describe('a person who accepts the loss', () => {
  const discardData = ['m0'];

  it('begins anew over data that no quorum can be made of', () => {
    const orders = judge(['running', 'blank', 'blank'], { discardData });
    const begin = { incarnation: CURRENT + 1, members: ['m0', 'm1', 'm2'], discarded: ['m0'], why: 'discarded' };
    expect(orders).toMatchObject({ code: 'bootstrap', cluster: [begin] });
    expect(said(orders)).toMatchObject({ m0: 'bootstrap, wiped: discarded', m1: 'bootstrap', m2: 'bootstrap' });
  });

  it('changes nothing while a quorum answers, or may be made', () => {
    expect(judge(['running', 'running', 'blank'], { discardData, quorumProven: true })).toMatchObject({
      code: 'rejoin',
    });
    expect(judge(['running', 'stopped', 'blank'], { discardData })).toMatchObject({ code: 'revive' });
  });

  it('has to account for members that cannot be reached as well', () => {
    expect(judge(['running', 'unreachable', 'blank'], { discardData })).toMatchObject({ reason: 'quorum-lost' });
    expect(said(judge(['running', 'lost', 'blank'], { discardData }))).toMatchObject({
      code: 'bootstrap',
      m0: 'bootstrap, wiped: discarded',
    });
    expect(judge(['blank', 'unreachable', 'blank'], { discardData })).toMatchObject({ reason: 'may-hold-data' });
  });

  it('gives up what they named, and nothing else: what shows besides is asked about again, all of it by name', () => {
    const hint = expect.stringContaining(
      '--discard-data m0,m1 keeps a copy of that data, deletes it there and starts empty',
    );
    for (const named of [['m1'], ['m0']]) {
      // m0 came back with the life before, which is the one with the objects; told of m1 alone, nobody meant it.
      const refusal = judge(['older', 'running', 'blank'], { discardData: named });
      expect(refusal).toMatchObject({ reason: 'quorum-lost', hint });
      expect(refusal).toMatchObject({
        message: expect.stringContaining('m0 (incarnation 2) has data of an earlier life'),
      });
    }
    const given = judge(['older', 'running', 'blank'], { discardData: ['m0', 'm1'] });
    expect(said(given)).toMatchObject({ m0: 'bootstrap, wiped: discarded', m1: 'bootstrap, wiped: discarded' });
    // Told with a quorum that m0 has older data, and by the time the word is given the quorum is gone.
    expect(judge(['older', 'blank', 'running'], { discardData: ['m0'] })).toMatchObject({
      reason: 'quorum-lost',
      hint: expect.stringContaining('--discard-data m0,m2'),
    });
  });

  it('is asked anew over what was written since: that earlier data went does not give up the data of now', () => {
    const record = { ...RECORD, discarded: ['m0'], bootIds: { m0: 'boot-0' } };
    expect(said(judge(['running', 'blank', 'blank'], { record }))).toEqual({ refused: 'quorum-lost' });
  });

  it('cannot give up data on a machine that failed its preflight', () => {
    const members = { m0: { fit: false } };
    expect(judge(['running', 'blank', 'blank'], { discardData, members })).toMatchObject({ code: 'refused' });
  });
});

describe('a life that goes on from what one member holds', () => {
  const recoverFrom = { name: 'm0', olderData: false };
  const lastOne = ['running', 'blank', 'blank'];

  it('is named as a way with how far each is, the furthest first, beside what else there is', () => {
    const writtenAt = new Date('2026-12-01T04:00:00Z');
    const members = { m0: { revision: '90' }, m1: { revision: '100', writtenAt } };
    const five = ['running', 'running', 'blank', 'blank', 'unreachable'];
    expect(judge(five, { members })).toMatchObject({
      reason: 'quorum-lost',
      message: expect.stringMatching(
        /; held: m1 \(incarnation 3, revision 100, last written 2026-12-01T04:00:00.000Z\), m0 \(incarnation 3, revision 90\)$/,
      ),
      hint: expect.stringMatching(
        /bring back m4; --recover-from m1 goes on with what m1 holds, after a copy of all that is held \(with --lost m4 if permanently off\); or --discard-data m0,m1/,
      ),
    });
  });

  it('begins with copies of all that is held, and of the one that was named', () => {
    const orders = judge(lastOne, {
      recoverFrom,
      backup: { kind: 'usable', id: '3-70', incarnation: 3 },
      members: { m0: { revision: '90' } },
    });
    expect(orders).toMatchObject({
      code: 'bootstrap',
      cluster: [
        { incarnation: CURRENT + 1, why: 'recovered', discarded: ['m0'], recover: { name: 'm0', snapshot: '3-70' } },
      ],
    });
    expect(said(orders)).toMatchObject({ m0: 'bootstrap, wiped: discarded', m1: 'bootstrap', m2: 'bootstrap' });
    expect(orders.code !== 'refused' && copiedFirst(orders)).toEqual(['m0']);
  });

  it('is not made of less than there is without a word: both are named, with how far they are', () => {
    const members = { m0: { revision: '90' }, m1: { revision: '100' } };
    const five = ['running', 'running', 'blank', 'blank', 'blank'];
    expect(judge(five, { members, recoverFrom })).toMatchObject({
      reason: 'recover-older',
      message:
        'm0 (incarnation 3, revision 90) is not as far as m1 (incarnation 3, revision 100): what was written in between would be lost',
      hint: '--recover-from m1 goes on with what m1 holds; --recover-from m0 --older-data goes back to what m0 holds',
    });
    const back = { ...recoverFrom, olderData: true };
    expect(judge(five, { members, recoverFrom: back })).toMatchObject({ cluster: [{ recover: back }] });
    expect(judge(five, { members, recoverFrom: { ...recoverFrom, name: 'm1' } })).toMatchObject({ code: 'bootstrap' });
  });

  it('nor of less than the newest snapshot holds: a member may have been cut off before that was taken', () => {
    const backup = { kind: 'usable', id: '3-95', incarnation: 3 } as const;
    expect(judge(lastOne, { backup, recoverFrom, members: { m0: { revision: '90' } } })).toMatchObject({
      reason: 'recover-older',
      message: expect.stringContaining('is not as far as the snapshot 3-95 (incarnation 3, revision 95)'),
      hint: expect.stringMatching(
        /^--discard-data m0 keeps a copy .* restores the snapshot 3-95; --recover-from m0 --older-data/,
      ),
    });
  });

  it('may be of an older life, where nobody holds anything of the recorded one', () => {
    expect(said(judge(['older', 'blank', 'blank'], { recoverFrom }))).toMatchObject({
      m0: 'bootstrap, wiped: discarded',
    });
    const backup = { kind: 'usable', id: '3-5', incarnation: 3 } as const;
    const members = { m0: { revision: '90' } };
    expect(judge(['older', 'blank', 'blank'], { backup, recoverFrom, members })).toMatchObject({
      reason: 'recover-older',
    });
  });

  it('begins beside nobody who may hold data and was not read, nor one whose data cannot be copied', () => {
    const silent = judge(['running', 'unreachable', 'blank'], { recoverFrom });
    expect(silent).toMatchObject({ reason: 'quorum-lost', hint: expect.stringContaining('--lost m1') });
    expect(said(judge(['running', 'lost', 'blank'], { recoverFrom }))).toMatchObject({ code: 'bootstrap' });
    const members = { m0: { fit: false } };
    expect(judge(lastOne, { recoverFrom, members })).toMatchObject({ reason: 'quorum-lost' });
    // Whoever was named has nothing.
    expect(judge(['blank', 'running', 'blank'], { recoverFrom })).toMatchObject({ reason: 'quorum-lost' });
  });

  it('is no word over a quorum that works, or that may be made', () => {
    expect(judge(['running', 'running', 'blank'], { recoverFrom, quorumProven: true })).toMatchObject({
      code: 'rejoin',
    });
    expect(judge(['running', 'stopped', 'blank'], { recoverFrom })).toMatchObject({ code: 'revive' });
  });
});

describe('a new cluster in the place of the recorded one', () => {
  const newCluster = true;

  it('begins as the next incarnation on control planes that are all blank', () => {
    const begin = { incarnation: CURRENT + 1, members: ['m0', 'm1', 'm2'], discarded: [], why: 'new-cluster' };
    expect(judge(['blank', 'blank', 'blank'], { newCluster })).toMatchObject({ code: 'bootstrap', cluster: [begin] });
    expect(judge(['blank'], { newCluster, record: { ...RECORD, phase: 'bootstrapping' } })).toMatchObject({
      code: 'bootstrap',
      cluster: [{ why: 'new-cluster' }],
    });
  });

  it.each(['running', 'stopped', 'older'])('never begins over data (%s), and names who holds it', (condition) => {
    for (const options of [{}, { discardData: ['m1'] }, { record: { ...RECORD, phase: 'bootstrapping' as const } }]) {
      expect(judge(['blank', condition, 'blank'], { newCluster, ...options })).toMatchObject({
        reason: 'not-blank',
        message: expect.stringContaining('m1 holds etcd data of the recorded cluster'),
        hint: expect.stringContaining('reboot m1'),
      });
    }
    expect(judge(['running', 'running', 'running'], { newCluster, quorumProven: true })).toMatchObject({
      message: expect.stringContaining('m0, m1, m2 hold'),
    });
  });

  it('takes nobody for blank who cannot be reached, without a word on them', () => {
    expect(judge(['blank', 'unreachable', 'blank'], { newCluster })).toMatchObject({ reason: 'may-hold-data' });
    expect(said(judge(['blank', 'lost', 'blank'], { newCluster }))).toMatchObject({ m0: 'bootstrap', m1: 'leave' });
  });

  it('is a first one where nothing is recorded', () => {
    expect(judge(['blank'], { newCluster, record: undefined })).toMatchObject({
      cluster: [{ why: 'first', incarnation: 1 }],
    });
  });
});
