import { describe, expect, it } from 'vitest';
import { etcdVerdict, type MemberCondition, type MemberFacts } from '../../src/plan/etcd-verdict.js';
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
  /** By name, what is not as usual: every reachable member is fit, and a voter while a quorum answers. */
  members?: Record<string, Partial<MemberFacts>>;
}

function judge(conditions: string[], options: Circumstances = {}) {
  const { quorumProven = false, discardData = false } = options;
  const usual = quorumProven ? { membership: 'voter' as const } : {};
  const members = conditions.map((condition, index) =>
    member(index, condition, { ...usual, ...options.members?.[`m${index}`] }),
  );
  const recorded = 'record' in options ? options.record : { ...RECORD, members: members.map(({ name }) => name) };
  return etcdVerdict({ clusterId: OURS, members, quorumProven, discardData, ...(recorded && { recorded }) });
}

/** Every combination of these conditions over so many members. */
function combinations(kinds: string[], count: number): string[][] {
  if (count === 0) return [[]];
  return combinations(kinds, count - 1).flatMap((rest) => kinds.map((kind) => [...rest, kind]));
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
    expect(judge(['running', 'running', 'running'], { quorumProven: true })).toEqual({ code: 'healthy', absent: [] });
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
    expect(judge(['running', 'stopped', 'running'], { quorumProven: true })).toEqual({ code: 'healthy', absent: [] });
  });

  it.each(['learner', 'absent'] as const)('takes a member in anew that the quorum knows as %s', (membership) => {
    const members = { m1: { membership } };
    expect(judge(['running', 'running', 'running'], { quorumProven: true, members })).toEqual({
      code: 'rejoin',
      blank: ['m1'],
      wipe: ['m1'],
      absent: [],
    });
  });

  it('leaves a member alone whose machine failed its preflight', () => {
    const members = { m1: { fit: false } };
    expect(judge(['running', 'blank', 'running'], { quorumProven: true, members })).toMatchObject({ code: 'healthy' });
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
      blank: ['m1', 'm2'],
      wipe: ['m2'],
      absent: [],
    });
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

describe.each([1, 3, 5])('every combination over %i members', (count) => {
  const kinds = ['blank', 'running', 'stopped', 'older', 'unknown', 'unreachable', 'lost'];
  const all = combinations(kinds, count);
  const majority = Math.floor(count / 2) + 1;
  const numberOf = (conditions: string[], ...wanted: string[]) =>
    conditions.filter((one) => wanted.includes(one)).length;

  /** Each combination with and without a quorum (which needs a majority that runs), and with the loss accepted or not. */
  function* situations(): Generator<{ conditions: string[]; quorumProven: boolean; discardData: boolean }> {
    for (const conditions of all) {
      for (const discardData of [false, true]) {
        yield { conditions, quorumProven: false, discardData };
        // The others of a quorum may run where we cannot reach them.
        const possible = numberOf(conditions, 'running', 'unreachable', 'lost') >= majority;
        if (possible && numberOf(conditions, 'running') > 0) yield { conditions, quorumProven: true, discardData };
      }
    }
  }

  it('never bootstraps beside data that is or may be current, unless its loss was accepted', () => {
    for (const { conditions, ...options } of situations()) {
      const verdict = judge(conditions, options);
      if (verdict.code !== 'bootstrap') continue;
      expect(options.quorumProven, conditions.join()).toBe(false);
      expect(numberOf(conditions, 'unreachable', 'unknown'), conditions.join()).toBe(0);
      const given = numberOf(conditions, 'running', 'stopped');
      expect(given === 0 || (options.discardData && given < majority), conditions.join()).toBe(true);
      expect(verdict.start.length, conditions.join()).toBeGreaterThanOrEqual(majority);
    }
  });

  it('never wipes a member of the current incarnation, unless its loss was accepted', () => {
    for (const { conditions, ...options } of situations()) {
      const verdict = judge(conditions, options);
      const wiped = 'wipe' in verdict ? verdict.wipe : [];
      const accepted = verdict.code === 'bootstrap' && verdict.why === 'discarded';
      for (const name of wiped) {
        const condition = conditions[Number(name.slice(1))];
        expect(condition === 'older' || accepted, `${conditions.join()} ${condition}`).toBe(true);
      }
    }
  });

  it('never touches anything when data shows that is not ours', () => {
    for (const { conditions, ...options } of situations()) {
      if (numberOf(conditions, 'unknown') > 0)
        expect(judge(conditions, options).code, conditions.join()).toBe('refused');
    }
  });

  it('rejoins only with a proven quorum, and only members that were read and are no voters', () => {
    for (const { conditions, ...options } of situations()) {
      const verdict = judge(conditions, options);
      if (verdict.code !== 'rejoin') continue;
      expect(options.quorumProven, conditions.join()).toBe(true);
      for (const name of verdict.blank) expect(['blank', 'older']).toContain(conditions[Number(name.slice(1))]);
    }
  });

  it('never starts a member that has no data beside some that have', () => {
    for (const { conditions, ...options } of situations()) {
      const verdict = judge(conditions, options);
      if (verdict.code !== 'revive') continue;
      for (const name of verdict.holders) expect(['running', 'stopped']).toContain(conditions[Number(name.slice(1))]);
    }
  });
});
