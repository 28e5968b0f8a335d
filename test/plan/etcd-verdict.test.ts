import { describe, expect, it } from 'vitest';
import { type EtcdFacts, etcdVerdict, type MemberCondition, type MemberFacts } from '../../src/plan/etcd-verdict.js';
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

function member(index: number, condition: string): MemberFacts {
  const known = CONDITIONS[condition];
  if (!known) throw new Error(condition);
  const bootId = known.kind === 'unreachable' ? {} : { bootId: `boot-${index}` };
  return { name: `m${index}`, condition: known, ...bootId };
}

const RECORD: EtcdRecord = {
  incarnation: CURRENT,
  phase: 'bootstrapped',
  token: 't',
  members: [],
  bootIds: {},
};

function judge(conditions: string[], options: { record?: EtcdRecord | undefined; quorumProven?: boolean } = {}) {
  const members = conditions.map((condition, index) => member(index, condition));
  const recorded = 'record' in options ? options.record : { ...RECORD, members: members.map(({ name }) => name) };
  const facts: EtcdFacts = {
    clusterId: OURS,
    members,
    quorumProven: options.quorumProven ?? false,
    ...(recorded && { recorded }),
  };
  return etcdVerdict(facts);
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

  it('starts stopped members that hold their data before anything else is judged', () => {
    expect(judge(['running', 'stopped', 'blank'], { quorumProven: false })).toEqual({
      code: 'start-stopped',
      start: ['m1'],
    });
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
    const members: MemberFacts[] = [
      {
        name: 'm0',
        bootId: 'b',
        condition: { kind: 'data', running: true, clusterId: OURS, incarnation: CURRENT + 1 },
      },
    ];
    const verdict = etcdVerdict({ clusterId: OURS, members, quorumProven: false, recorded: RECORD });
    expect(verdict).toMatchObject({ code: 'refused', reason: 'future-data' });
  });
});

describe.each([1, 3, 5])('every combination over %i members', (count) => {
  const kinds = ['blank', 'running', 'stopped', 'older', 'unreachable', 'lost', 'foreign'];
  const all = combinations(kinds, count);
  const majority = Math.floor(count / 2) + 1;
  const has = (conditions: string[], ...wanted: string[]) => conditions.some((one) => wanted.includes(one));

  it('never bootstraps beside data that is or may be current', () => {
    for (const conditions of all) {
      for (const quorumProven of [true, false]) {
        if (quorumProven && conditions.filter((one) => one === 'running').length < 1) continue;
        const verdict = judge(conditions, { quorumProven });
        if (verdict.code !== 'bootstrap') continue;
        expect(has(conditions, 'running', 'stopped', 'foreign', 'unreachable'), conditions.join()).toBe(false);
        expect(verdict.start.length, conditions.join()).toBeGreaterThanOrEqual(majority);
      }
    }
  });

  it('never wipes a member of the current incarnation', () => {
    for (const conditions of all) {
      for (const quorumProven of [true, false]) {
        const verdict = judge(conditions, { quorumProven });
        const wiped = 'wipe' in verdict ? verdict.wipe : [];
        for (const name of wiped) expect(conditions[Number(name.slice(1))], conditions.join()).toBe('older');
      }
    }
  });

  it('never touches anything when a foreign cluster shows', () => {
    for (const conditions of all) {
      if (has(conditions, 'foreign')) expect(judge(conditions).code, conditions.join()).toBe('refused');
    }
  });

  it('rejoins only with a proven quorum, and never members that cannot be reached', () => {
    for (const conditions of all) {
      const verdict = judge(conditions, { quorumProven: false });
      expect(verdict.code, conditions.join()).not.toBe('rejoin');
      const proven = judge(conditions, { quorumProven: true });
      if (proven.code !== 'rejoin') continue;
      for (const name of proven.blank) expect(['blank', 'older']).toContain(conditions[Number(name.slice(1))]);
    }
  });
});
