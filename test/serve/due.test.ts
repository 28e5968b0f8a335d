import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { type DueInput, due, type Machine } from '../../src/serve/due.js';

const SILENT = new DisklessError({ code: 'unreachable', message: 'it does not answer' });

/** In its recorded boot, unless told otherwise; `down`, or `unseen`. */
function machine(name: string, { boot = `${name}/1`, state = 'up', failures = 0, failedAtMs = 0 } = {}): Machine {
  const sights = { up: { kind: 'up', bootId: boot }, down: { kind: 'down', why: SILENT } } as const;
  const sight = state === 'unseen' ? undefined : sights[state as 'up' | 'down'];
  return {
    name,
    role: name === 's7' ? 'worker' : 'control-plane',
    sight,
    recordedBoot: `${name}/1`,
    failures,
    failedAtMs,
  };
}

const ALL = ['s4', 's5', 's6', 's7'];
const world = (changes: Record<string, Parameters<typeof machine>[1]>) =>
  ALL.map((name) => machine(name, changes[name]));

/** Long after everything, unless told otherwise. */
function dueWith(machines: readonly Machine[], changes: Partial<DueInput> = {}) {
  const times = { ranAtMs: 0, changedAtMs: 100_000, beganMs: 0, nowMs: 200_000 };
  const input = {
    machines,
    isUnfinished: false,
    hasRun: true,
    clusterFailures: 0,
    clusterFailedAtMs: 0,
    ...times,
    ...changes,
  };
  return due(input);
}

const REBOOTED = { boot: 'another' };

describe('when up is run', () => {
  it('is not, where every machine is in the boot that is recorded, or away', () => {
    expect(dueWith(world({}))).toEqual({ kind: 'nothing' });
    expect(dueWith(world({ s7: { state: 'down' } }))).toEqual({ kind: 'nothing' });
  });

  it('is at once where one is in another boot', () => {
    const now = dueWith(world({ s7: REBOOTED }), { changedAtMs: 200_000 });
    expect(now).toEqual({ kind: 'now', why: 's7: in another boot' });
    const plane = dueWith(world({ s5: REBOOTED }), { changedAtMs: 200_000 });
    expect(plane).toEqual({ kind: 'now', why: 's5: in another boot' });
  });

  it('is at the beginning, once all were asked or time is up: no record shows what a killed run left', () => {
    const begun = { hasRun: false, nowMs: 3_000 };
    expect(dueWith(world({ s7: { state: 'unseen' } }), begun)).toMatchObject({ kind: 'later', atMs: 15_000 });
    expect(dueWith(world({}), begun)).toMatchObject({ kind: 'now' });
    expect(dueWith(world({ s7: { state: 'unseen' } }), { ...begun, nowMs: 15_000 })).toMatchObject({ kind: 'now' });
    const away = Object.fromEntries(ALL.map((name) => [name, { state: 'down' }]));
    expect(dueWith(world(away), begun)).toEqual({ kind: 'nothing' });
  });

  it('waits a while for control planes that come back one after another, where they decide', () => {
    const lost = { s4: REBOOTED, s5: { state: 'down' }, s6: { state: 'down' } };
    const waitsFor = 'control planes that do not answer yet: s5, s6';
    const waits = { kind: 'later', atMs: 205_000, waitsFor, isFirst: true };
    expect(dueWith(world(lost), { changedAtMs: 195_000 })).toEqual(waits);
    expect(dueWith(world({ s4: REBOOTED, s5: REBOOTED, s6: REBOOTED }), { changedAtMs: 200_000 })).toMatchObject({
      kind: 'now',
    });
    // What the others hold is then told by a refusal.
    expect(dueWith(world(lost), { changedAtMs: 190_000 })).toMatchObject({ kind: 'now' });
  });

  it('backs off from a machine that fails, ever longer, and not from others', () => {
    const failing = (failures: number) => ({ s7: { failures, failedAtMs: 200_000 } });
    expect(dueWith(world(failing(1)))).toMatchObject({ kind: 'later', atMs: 205_000 });
    expect(dueWith(world(failing(3)))).toMatchObject({ kind: 'later', atMs: 220_000 });
    expect(dueWith(world(failing(40)))).toMatchObject({ kind: 'later', atMs: 500_000 });
    expect(dueWith(world({ ...failing(40), s5: REBOOTED }))).toEqual({ kind: 'now', why: 's5: in another boot' });
    expect(dueWith(world(failing(1)), { nowMs: 205_000 })).toEqual({ kind: 'now', why: 's7: once more' });
  });

  it('backs off from what fails as a whole, and tries it again though every machine is well', () => {
    const failed = { clusterFailures: 2, clusterFailedAtMs: 200_000 };
    expect(dueWith(world({ s5: REBOOTED }), failed)).toMatchObject({ kind: 'later', atMs: 210_000 });
    expect(dueWith(world({}), { ...failed, nowMs: 210_000 })).toMatchObject({ kind: 'now' });
  });

  it('is, where whoever began a life of the data is gone before it was finished', () => {
    expect(dueWith(world({}), { isUnfinished: true })).toMatchObject({ kind: 'now' });
    const away = Object.fromEntries(ALL.map((name) => [name, { state: 'down' }]));
    expect(dueWith(world(away), { isUnfinished: true })).toEqual({ kind: 'nothing' });
  });

  it('is once a day where nothing calls for it: certificates end on machines that stay up', () => {
    const day = 24 * 60 * 60_000;
    expect(dueWith(world({}), { nowMs: day - 1 })).toEqual({ kind: 'nothing' });
    const daily = dueWith(world({ s7: { state: 'down' } }), { nowMs: day });
    expect(daily).toMatchObject({ kind: 'now', why: expect.stringMatching(/^a day has passed/) });
    expect(dueWith(world({}), { nowMs: day + 50_000, ranAtMs: 60_000 })).toEqual({ kind: 'nothing' });
    const away = Object.fromEntries(ALL.map((name) => [name, { state: 'down' }]));
    expect(dueWith(world(away), { nowMs: day })).toEqual({ kind: 'nothing' });
  });

  it('is never asked for at a moment that has passed: nothing loops', () => {
    for (const state of ['up', 'down', 'unseen'])
      for (const failures of [0, 1, 5])
        for (const clusterFailures of [0, 3])
          for (const hasRun of [true, false]) {
            const next = dueWith(world({ s5: { state, failures, failedAtMs: 199_000 } }), {
              hasRun,
              clusterFailures,
              clusterFailedAtMs: 199_000,
            });
            if (next.kind === 'later') expect(next.atMs).toBeGreaterThan(200_000);
          }
  });
});
