import { beforeAll, describe, expect, it } from 'vitest';
import type { MemberCondition, MemberFacts } from '../../src/plan/etcd-facts.js';
import type { EtcdVerdict } from '../../src/plan/etcd-outcome.js';
import { etcdVerdict } from '../../src/plan/etcd-verdict.js';
import type { EtcdRecord } from '../../src/state/records.js';

const OURS = 'c1';
const CURRENT = 3;

const CONDITIONS: Record<string, MemberCondition> = {
  blank: { kind: 'blank' },
  running: { kind: 'data', running: true, clusterId: OURS, incarnation: CURRENT },
  stopped: { kind: 'data', running: false, clusterId: OURS, incarnation: CURRENT },
  older: { kind: 'data', running: false, clusterId: OURS, incarnation: CURRENT - 1 },
  foreign: { kind: 'data', running: true, clusterId: 'other', incarnation: CURRENT },
  unknown: { kind: 'data', running: true },
  unreachable: { kind: 'unreachable', lost: false },
  lost: { kind: 'unreachable', lost: true },
};

function member(index: number, condition: string, more: Partial<MemberFacts> = {}): MemberFacts {
  const known = CONDITIONS[condition];
  if (!known) throw new Error(condition);
  const bootId = known.kind === 'unreachable' ? {} : { bootId: `boot-${index}` };
  return { name: `m${index}`, condition: known, fit: known.kind !== 'unreachable', ...bootId, ...more };
}

const RECORD: EtcdRecord = {
  incarnation: CURRENT,
  phase: 'bootstrapped',
  token: 't',
  members: [],
  bootIds: {},
};

interface Circumstances {
  record?: EtcdRecord | undefined;
  quorumProven?: boolean;
  discardData?: boolean;
  newCluster?: boolean;
  /** By name, what is not as usual: every reachable member is fit, and a voter while a quorum answers. */
  members?: Record<string, Partial<MemberFacts>>;
}

function judge(conditions: string[], options: Circumstances = {}) {
  const { quorumProven = false, discardData = false, newCluster = false } = options;
  const usual = quorumProven ? { membership: 'voter' as const } : {};
  const members = conditions.map((condition, index) =>
    member(index, condition, { ...usual, ...options.members?.[`m${index}`] }),
  );
  const recorded = 'record' in options ? options.record : { ...RECORD, members: members.map(({ name }) => name) };
  const asked = { discardData, newCluster };
  return etcdVerdict({ clusterId: OURS, members, quorumProven, ...asked, ...(recorded && { recorded }) });
}

/** Every choice of so many of these conditions, each as often as one likes; a verdict does not depend on their order. */
function combinations(kinds: readonly string[], count: number): string[][] {
  if (count === 0) return [[]];
  return kinds.flatMap((kind, index) =>
    combinations(kinds.slice(index), count - 1).map((rest): string[] => [kind, ...rest]),
  );
}

describe('no cluster recorded', () => {
  it('bootstraps all blank members at once', () => {
    expect(judge(['blank', 'blank', 'blank'], { record: undefined })).toEqual({
      code: 'bootstrap',
      incarnation: 1,
      start: ['m0', 'm1', 'm2'],
      wipe: [],
      absent: [],
      why: 'first',
    });
  });

  it('lets an absent member join later when a majority is there', () => {
    expect(judge(['blank', 'unreachable', 'blank'], { record: undefined })).toMatchObject({
      code: 'bootstrap',
      start: ['m0', 'm2'],
      absent: ['m1'],
    });
  });

  it('refuses without a majority', () => {
    expect(judge(['blank', 'unreachable', 'lost'], { record: undefined })).toMatchObject({
      code: 'refused',
      reason: 'no-majority',
    });
  });

  it.each(['running', 'stopped', 'foreign', 'unknown'])('refuses data it does not know (%s)', (condition) => {
    expect(judge(['blank', condition, 'blank'], { record: undefined })).toMatchObject({
      code: 'refused',
      reason: 'unknown-data',
    });
  });
});

describe('a bootstrap that never finished', () => {
  const record = (bootIds: Record<string, string>): EtcdRecord => ({
    ...RECORD,
    phase: 'bootstrapping',
    members: ['m0', 'm1', 'm2'],
    bootIds,
  });
  const same = { m0: 'boot-0', m1: 'boot-1', m2: 'boot-2' };

  it('is resumed under its token while every epoch is the same', () => {
    expect(judge(['running', 'blank', 'stopped'], { record: record(same) })).toMatchObject({
      code: 'resume-bootstrap',
      incarnation: CURRENT,
      start: ['m0', 'm1', 'm2'],
      wipe: [],
    });
  });

  it('wipes what a killed operator had not wiped yet: data of the incarnation before is no part of this one', () => {
    expect(judge(['older', 'blank', 'running'], { record: record(same) })).toEqual({
      code: 'resume-bootstrap',
      incarnation: CURRENT,
      start: ['m0', 'm1', 'm2'],
      wipe: ['m0'],
      absent: [],
    });
  });

  it('starts again under a new incarnation when a member rebooted, wiping what the others hold', () => {
    expect(judge(['running', 'blank', 'stopped'], { record: record({ ...same, m1: 'earlier' }) })).toMatchObject({
      code: 'bootstrap',
      incarnation: CURRENT + 1,
      start: ['m0', 'm1', 'm2'],
      wipe: ['m0', 'm2'],
      why: 'unfinished',
    });
  });

  it('needs a majority', () => {
    expect(judge(['blank', 'unreachable', 'unreachable'], { record: record(same) })).toMatchObject({ code: 'refused' });
  });
});

describe('an established cluster', () => {
  it('has nothing to do when all members run with a quorum', () => {
    expect(judge(['running', 'running', 'running'], { quorumProven: true })).toEqual({
      code: 'healthy',
      holders: ['m0', 'm1', 'm2'],
      forget: [],
      absent: [],
    });
  });

  it('brings up whoever has data before it judges, when that may make a quorum', () => {
    expect(judge(['running', 'stopped', 'blank'])).toEqual({
      code: 'revive',
      holders: ['m0', 'm1'],
      waiting: ['m2'],
      absent: [],
    });
  });

  it('brings up a majority that runs and does not answer: its certificates may have expired', () => {
    expect(judge(['running', 'running', 'running'])).toMatchObject({ code: 'revive', holders: ['m0', 'm1', 'm2'] });
  });

  it('starts a stopped minority too, since the others may live beyond our reach, and knows what to say otherwise', () => {
    expect(judge(['stopped', 'unreachable', 'unreachable'])).toMatchObject({
      code: 'revive',
      holders: ['m0'],
      otherwise: { code: 'refused', reason: 'quorum-lost' },
    });
  });

  it('has no need to judge a stopped member while a quorum answers: its unit is started like any other', () => {
    expect(judge(['running', 'stopped', 'running'], { quorumProven: true })).toMatchObject({ code: 'healthy' });
  });

  it.each(['learner', 'absent'] as const)('takes a member in anew that the quorum knows as %s', (membership) => {
    const members = { m1: { membership } };
    expect(judge(['running', 'running', 'running'], { quorumProven: true, members })).toEqual({
      code: 'rejoin',
      holders: ['m0', 'm2'],
      blank: ['m1'],
      wipe: ['m1'],
      forget: [],
      blocking: [],
      absent: [],
    });
  });

  it('leaves a member alone whose machine failed its preflight', () => {
    const members = { m1: { fit: false } };
    expect(judge(['running', 'blank', 'running'], { quorumProven: true, members })).toEqual({
      code: 'healthy',
      holders: ['m0', 'm2'],
      // Its data is gone all the same.
      forget: ['m1'],
      absent: [],
    });
  });

  it('goes through whoever has the data, even on a machine that failed its preflight', () => {
    const members = { m0: { fit: false }, m2: { fit: false } };
    expect(judge(['running', 'blank', 'running'], { quorumProven: true, members })).toMatchObject({
      code: 'rejoin',
      holders: ['m0', 'm2'],
      blank: ['m1'],
    });
  });

  it('counts data that was read on a machine that failed its preflight: it is not unreachable', () => {
    const members = { m0: { fit: false } };
    const verdict = judge(['running', 'blank', 'blank'], { members });
    expect(verdict).toMatchObject({ code: 'refused', reason: 'quorum-lost' });
    expect(verdict.code === 'refused' && verdict.message).not.toContain('cannot be reached');
  });

  it('brings blank members and those of an older incarnation back while a quorum answers', () => {
    expect(judge(['running', 'blank', 'older', 'running', 'running'], { quorumProven: true })).toEqual({
      code: 'rejoin',
      holders: ['m0', 'm3', 'm4'],
      blank: ['m1', 'm2'],
      wipe: ['m2'],
      forget: [],
      blocking: [],
      absent: [],
    });
  });

  it("takes a person's word that a member is lost: its entry goes, and blocks nobody who rejoins", () => {
    expect(judge(['running', 'blank', 'lost', 'running', 'running'], { quorumProven: true })).toEqual({
      code: 'rejoin',
      holders: ['m0', 'm3', 'm4'],
      blank: ['m1'],
      wipe: [],
      forget: ['m2'],
      blocking: [],
      absent: ['m2'],
    });
    const healthy = ['running', 'running', 'lost'];
    expect(judge(healthy, { quorumProven: true })).toMatchObject({ code: 'healthy', forget: ['m2'] });
    const members = { m2: { membership: 'absent' as const } };
    expect(judge(healthy, { quorumProven: true, members })).toMatchObject({ code: 'healthy', forget: [] });
  });

  it('names the voters out of reach beside which nobody may be taken in, and forgets a learner out of reach', () => {
    const five = ['running', 'running', 'running', 'blank', 'unreachable'];
    const voter = { forget: [], blocking: ['m4'] };
    expect(judge(five, { quorumProven: true })).toMatchObject({ code: 'rejoin', blank: ['m3'], ...voter });
    const learner = { m4: { membership: 'learner' as const } };
    expect(judge(five, { quorumProven: true, members: learner })).toMatchObject({ forget: ['m4'], blocking: [] });
    const removed = { m4: { membership: 'absent' as const } };
    expect(judge(five, { quorumProven: true, members: removed })).toMatchObject({ forget: [], blocking: [] });
    const healthy = ['running', 'running', 'unreachable'];
    expect(judge(healthy, { quorumProven: true })).toMatchObject({ code: 'healthy', forget: [] });
  });

  it('begins the next incarnation when every member is blank', () => {
    expect(judge(['blank', 'blank', 'older'])).toEqual({
      code: 'bootstrap',
      incarnation: CURRENT + 1,
      start: ['m0', 'm1', 'm2'],
      wipe: ['m2'],
      absent: [],
      why: 'all-blank',
    });
  });

  it('stops when one member holds data and no quorum can be proven', () => {
    expect(judge(['running', 'blank', 'blank'])).toMatchObject({ code: 'refused', reason: 'quorum-lost' });
  });

  it('names the unreachable member that may still hold data', () => {
    const verdict = judge(['blank', 'unreachable', 'blank']);
    expect(verdict).toMatchObject({ code: 'refused', reason: 'may-hold-data' });
    expect(verdict.code === 'refused' && verdict.message).toContain('m1');
  });

  it('says what keeps us out of a machine that is there: it is not off', () => {
    const barred = { condition: { kind: 'unreachable', lost: false, obstacle: 'does not accept our key' } } as const;
    const members = { m1: barred };
    const first = judge(['unreachable', 'unreachable', 'blank'], { record: undefined, members });
    expect(first).toMatchObject({
      message: 'only 1 of 3 control planes can be used: m0 cannot be reached, m1 does not accept our key',
      hint: expect.stringMatching(/^fix SSH access to m1, start those that are off, or/),
    });
    expect(judge(['blank', 'unreachable', 'blank'], { members })).toMatchObject({
      message: "no reachable control plane has the cluster's data; m1 does not accept our key and may still have it",
    });
    expect(judge(['running', 'unreachable', 'blank'], { members })).toMatchObject({
      message: expect.stringContaining('m1 does not accept our key, m2 lost its data'),
    });
  });

  it("accepts a person's word that an unreachable member is lost", () => {
    expect(judge(['blank', 'lost', 'blank'])).toMatchObject({ code: 'bootstrap', start: ['m0', 'm2'], absent: ['m1'] });
  });

  it('refuses data of a later incarnation: the state directory is an old copy', () => {
    const record = { ...RECORD, incarnation: CURRENT - 1 };
    expect(judge(['running'], { record })).toMatchObject({ code: 'refused', reason: 'future-data' });
  });
});

describe('a person who accepts the loss', () => {
  const discardData = true;

  it('begins anew over data that no quorum can be made of', () => {
    expect(judge(['running', 'blank', 'blank'], { discardData })).toEqual({
      code: 'bootstrap',
      incarnation: CURRENT + 1,
      start: ['m0', 'm1', 'm2'],
      wipe: ['m0'],
      absent: [],
      why: 'discarded',
    });
  });

  it('changes nothing while a quorum answers, or may be made', () => {
    expect(judge(['running', 'running', 'blank'], { discardData, quorumProven: true })).toMatchObject({
      code: 'rejoin',
    });
    expect(judge(['running', 'stopped', 'blank'], { discardData })).toMatchObject({ code: 'revive' });
  });

  it('has to account for members that cannot be reached as well', () => {
    expect(judge(['running', 'unreachable', 'blank'], { discardData })).toMatchObject({ reason: 'quorum-lost' });
    expect(judge(['running', 'lost', 'blank'], { discardData })).toMatchObject({ code: 'bootstrap', wipe: ['m0'] });
    expect(judge(['blank', 'unreachable', 'blank'], { discardData })).toMatchObject({ reason: 'may-hold-data' });
  });

  it('cannot give up data on a machine that failed its preflight', () => {
    const members = { m0: { fit: false } };
    expect(judge(['running', 'blank', 'blank'], { discardData, members })).toMatchObject({ code: 'refused' });
  });
});

describe('a new cluster in the place of the recorded one', () => {
  const newCluster = true;

  it('begins as the next incarnation on control planes that are all blank', () => {
    expect(judge(['blank', 'blank', 'blank'], { newCluster })).toEqual({
      code: 'bootstrap',
      incarnation: CURRENT + 1,
      start: ['m0', 'm1', 'm2'],
      wipe: [],
      absent: [],
      why: 'new-cluster',
    });
    expect(judge(['blank'], { newCluster, record: { ...RECORD, phase: 'bootstrapping' } })).toMatchObject({
      code: 'bootstrap',
      why: 'new-cluster',
    });
  });

  it.each(['running', 'stopped', 'older'])('never begins over data (%s), and names who holds it', (condition) => {
    for (const options of [{}, { discardData: true }, { record: { ...RECORD, phase: 'bootstrapping' as const } }]) {
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
    expect(judge(['blank', 'lost', 'blank'], { newCluster })).toMatchObject({ start: ['m0', 'm2'], absent: ['m1'] });
  });

  it('is a first one where nothing is recorded', () => {
    expect(judge(['blank'], { newCluster, record: undefined })).toMatchObject({ why: 'first', incarnation: 1 });
  });
});

/** A member's condition, and what is not as usual with it. */
const KINDS = [
  ...['blank', 'running', 'stopped', 'older', 'unknown', 'unreachable', 'lost'],
  ...['blank unfit', 'running unfit', 'stopped unfit', 'older unfit'],
  ...['running learner', 'running absent', 'stopped absent unfit', 'unreachable learner'],
];

interface Situation extends Circumstances {
  kinds: string[];
  phase: EtcdRecord['phase'];
}

describe.each([1, 3, 5])('every combination over %i members', (count) => {
  const majority = Math.floor(count / 2) + 1;
  const numberOf = (kinds: readonly string[], ...wanted: string[]): number =>
    kinds.filter((kind) => wanted.includes(kind.split(' ')[0] ?? '')).length;

  function particulars(kind: string): Partial<MemberFacts> {
    const [, ...words] = kind.split(' ');
    const membership = (['learner', 'absent'] as const).find((each) => words.includes(each));
    return { ...(words.includes('unfit') && { fit: false }), ...(membership && { membership }) };
  }

  /** Each combination in every phase: with and without a quorum, the loss accepted or not, epochs the same or not. */
  function* situations(): Generator<Situation> {
    for (const kinds of combinations(KINDS, count)) {
      const members = Object.fromEntries(kinds.map((kind, index) => [`m${index}`, particulars(kind)]));
      const names = Object.keys(members);
      for (const discardData of [false, true]) {
        for (const epoch of ['boot', 'earlier']) {
          const bootIds = Object.fromEntries(names.map((name, index) => [name, `${epoch}-${index}`]));
          const record: EtcdRecord = { ...RECORD, phase: 'bootstrapping', members: names, bootIds };
          yield { kinds, phase: 'bootstrapping', record, members, discardData };
        }
        yield { kinds, phase: 'none', record: { ...RECORD, phase: 'none' }, members, discardData };
        yield { kinds, phase: 'bootstrapped', members, discardData };
        // The others of a quorum may run where we cannot reach them.
        const possible = numberOf(kinds, 'running', 'unreachable', 'lost') >= majority;
        if (!possible || !kinds.some((kind) => kind === 'running' || kind === 'running unfit')) continue;
        yield { kinds, phase: 'bootstrapped', members, discardData, quorumProven: true };
      }
    }
  }

  interface Judged extends Situation {
    verdict: EtcdVerdict;
    kindOf: (name: string) => string;
    conditionOf: (name: string) => string;
    fail: (name?: string) => never;
  }

  function judgedIn(situation: Situation): Judged {
    const { kinds, phase, discardData, quorumProven } = situation;
    const conditions = kinds.map((kind) => kind.split(' ')[0] ?? '');
    const verdict = judge(conditions, situation);
    const indexOf = (name: string): number => Number(name.slice(1));
    return {
      ...situation,
      verdict,
      kindOf: (name) => kinds[indexOf(name)] ?? '',
      conditionOf: (name) => conditions[indexOf(name)] ?? '',
      fail: (name = '') =>
        expect.fail(`${name} ${JSON.stringify({ kinds, phase, discardData, quorumProven, verdict })}`),
    };
  }

  let all: Judged[] = [];
  beforeAll(() => {
    all = [...situations()].map(judgedIn);
  });
  const judged = (...codes: EtcdVerdict['code'][]): Judged[] =>
    all.filter(({ verdict }) => codes.includes(verdict.code));

  it('never bootstraps beside data that is or may be current, unless its loss was accepted', () => {
    for (const { kinds, phase, quorumProven, discardData, verdict, fail } of judged('bootstrap')) {
      if (verdict.code !== 'bootstrap' || phase !== 'bootstrapped') continue;
      const given = numberOf(kinds, 'running', 'stopped');
      const accepted = given === 0 || (discardData === true && given < majority);
      const unknown = numberOf(kinds, 'unreachable', 'unknown') > 0;
      if (quorumProven || unknown || !accepted || verdict.why === 'unfinished') fail();
    }
  });

  it('begins a new cluster that was asked for beside no data at all, of any kind', () => {
    for (const { kinds, phase, verdict, fail, ...situation } of all) {
      if (phase === 'none') continue;
      const conditions = kinds.map((kind) => kind.split(' ')[0] ?? '');
      const asked = judge(conditions, { ...situation, newCluster: true });
      if (asked.code === 'refused') continue;
      const inTheWay = numberOf(kinds, 'running', 'stopped', 'older', 'unknown', 'unreachable');
      if (asked.code !== 'bootstrap' || asked.wipe.length > 0 || inTheWay > 0) fail();
    }
  });

  it('starts nobody over data of an incarnation other than the one that is begun', () => {
    for (const { verdict, conditionOf, fail } of judged('bootstrap', 'resume-bootstrap')) {
      if (!('start' in verdict)) continue;
      if (verdict.start.length < majority) fail();
      for (const name of verdict.start) {
        const held = { running: CURRENT, stopped: CURRENT, older: CURRENT - 1 }[conditionOf(name)];
        const inTheWay = held !== undefined && held !== verdict.incarnation;
        if (verdict.wipe.includes(name) !== inTheWay) fail(name);
      }
    }
  });

  it('never wipes a voter of the current incarnation, unless its loss was accepted or it never held an object', () => {
    for (const { verdict, kindOf, conditionOf, phase, fail } of judged('bootstrap', 'resume-bootstrap', 'rejoin')) {
      const wiped = 'wipe' in verdict ? verdict.wipe : [];
      const accepted = verdict.code === 'bootstrap' && verdict.why === 'discarded';
      for (const name of wiped) {
        const noVoter = verdict.code === 'rejoin' && /learner|absent/.test(kindOf(name));
        const empty = verdict.code === 'bootstrap' && phase === 'bootstrapping';
        if (conditionOf(name) !== 'older' && !accepted && !noVoter && !empty) fail(name);
      }
    }
  });

  it('never touches anything when data shows that is not ours', () => {
    for (const { kinds, verdict, fail } of all) {
      if (numberOf(kinds, 'unknown') > 0 && verdict.code !== 'refused') fail();
    }
  });

  it('rejoins only with a proven quorum, and only members that were read and are no voters', () => {
    for (const { quorumProven, verdict, kindOf, fail } of judged('rejoin')) {
      if (verdict.code !== 'rejoin') continue;
      if (!quorumProven) fail();
      for (const name of verdict.blank) {
        if (!['blank', 'older', 'running learner', 'running absent'].includes(kindOf(name))) fail(name);
      }
    }
  });

  it('never starts a member that has no data beside some that have', () => {
    for (const { verdict, conditionOf, fail } of judged('revive')) {
      if (verdict.code !== 'revive') continue;
      for (const name of verdict.holders) {
        if (!['running', 'stopped'].includes(conditionOf(name))) fail(name);
      }
    }
  });

  it('forgets only members whose data is gone, and learners that cannot be reached', () => {
    for (const { verdict, kindOf, fail } of judged('healthy', 'rejoin')) {
      if (!('forget' in verdict)) continue;
      for (const name of verdict.forget) {
        if (!['lost', 'blank unfit', 'unreachable learner'].includes(kindOf(name))) fail(name);
      }
    }
  });

  it('leaves a machine alone that failed its preflight, or cannot be reached', () => {
    for (const { verdict, kindOf, fail } of all) {
      const touched = [
        ...('start' in verdict ? verdict.start : []),
        ...('wipe' in verdict ? verdict.wipe : []),
        ...('blank' in verdict ? verdict.blank : []),
        // What runs already is waited for, and not started.
        ...(verdict.code === 'revive' ? verdict.holders.filter((name) => kindOf(name) !== 'running unfit') : []),
      ];
      for (const name of touched) {
        if (/unfit|unreachable|lost/.test(kindOf(name))) fail(name);
      }
    }
  });
});

it('does not depend on the order of the members', () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const conditions = KINDS.filter((kind) => !kind.includes(' '));
  for (const chosen of combinations(conditions, 3)) {
    const codes = orders.map((order) => judge(order.map((index) => chosen[index] ?? '')).code);
    expect(new Set(codes).size, chosen.join()).toBe(1);
  }
});
