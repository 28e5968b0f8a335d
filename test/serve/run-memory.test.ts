import { expect, it } from 'vitest';
import { DisklessError, type ExitCode } from '../../src/errors.js';
import type { NodeSummary } from '../../src/runner/events.js';
import { due } from '../../src/serve/due.js';
import { createDaemonMemory } from '../../src/serve/run-memory.js';
import { sampleNode } from '../helpers/sample-facts.js';

const NODES = [sampleNode({ name: 's4' }), sampleNode({ name: 's7', role: 'worker' })];

function begun() {
  let nowMs = 1_000;
  const memory = createDaemonMemory(() => nowMs);
  for (const { name } of NODES) memory.saw(name, { kind: 'up', bootId: `${name}/1` });
  const records = new Map(NODES.map(({ name }) => [name, { bootId: `${name}/1` }])) as never;
  const summary = (name: string, state: NodeSummary['state']): NodeSummary => ({
    name,
    role: 'worker',
    state,
    changes: 0,
    bytesSent: 0,
  });
  return {
    memory,
    pass: (ms: number) => {
      nowMs += ms;
    },
    ended: (exit: ExitCode, state: NodeSummary['state'], errors: DisklessError[] = []) =>
      memory.ended({ exit, nodes: [summary('s4', 'unchanged'), summary('s7', state)], errors }),
    due: () => due(memory.look({ spec: { nodes: NODES }, etcd: { phase: 'bootstrapped' } } as never, records)),
  };
}

const ofNode = new DisklessError({ code: 'unit-failed', message: 'it did not start', host: 's7' });
const ofAll = new DisklessError({ code: 'quorum-lost', message: 'quorum lost' });

it('tries a machine again that was not well after a run, and leaves one alone that is', () => {
  const daemon = begun();
  expect(daemon.due()).toMatchObject({ kind: 'now' });
  daemon.ended(3, 'failed', [ofNode]);
  expect(daemon.due()).toMatchObject({ kind: 'later', atMs: 6_000 });
  daemon.pass(5_000);
  expect(daemon.due()).toEqual({ kind: 'now', why: 's7: once more' });
  daemon.ended(0, 'ready');
  expect(daemon.due()).toEqual({ kind: 'nothing' });
});

it('runs again a day after the last run', () => {
  const daemon = begun();
  daemon.pass(60_000);
  daemon.ended(0, 'ready');
  daemon.pass(24 * 60 * 60_000 - 1);
  expect(daemon.due()).toEqual({ kind: 'nothing' });
  daemon.pass(1);
  expect(daemon.due()).toMatchObject({ kind: 'now' });
  daemon.ended(0, 'ready');
  expect(daemon.due()).toEqual({ kind: 'nothing' });
});

it('another boot is another chance, for the machine and for what failed as a whole', () => {
  const daemon = begun();
  daemon.ended(5, 'skipped', [ofAll]);
  expect(daemon.due()).toMatchObject({ kind: 'later' });
  daemon.memory.saw('s7', { kind: 'up', bootId: 's7/2' });
  expect(daemon.due()).toEqual({ kind: 'now', why: 's7: in another boot' });
});

it('the same machine seen again in the same boot is none', () => {
  const daemon = begun();
  daemon.ended(5, 'skipped', [ofAll]);
  daemon.memory.saw('s7', { kind: 'up', bootId: 's7/1' });
  expect(daemon.due()).toMatchObject({ kind: 'later' });
});

it('nor is one that was away meanwhile: what flaps is not tried ever more often', () => {
  const daemon = begun();
  for (const waited of [5_000, 10_000, 20_000]) {
    daemon.ended(3, 'failed', [ofNode]);
    for (let flap = 0; flap < 3; flap++) {
      daemon.memory.saw('s7', { kind: 'down', why: ofNode });
      daemon.memory.saw('s7', { kind: 'up', bootId: 's7/1' });
    }
    daemon.pass(waited - 1);
    expect(daemon.due()).toMatchObject({ kind: 'later' });
    daemon.pass(1);
    expect(daemon.due()).toMatchObject({ kind: 'now' });
  }
});

it('what failed as a whole is tried again, whatever comes and goes meanwhile', () => {
  const daemon = begun();
  daemon.ended(5, 'skipped', [ofAll]);
  daemon.memory.saw('s7', { kind: 'down', why: ofNode });
  expect(daemon.due()).toMatchObject({ kind: 'later' });
  daemon.pass(5_000);
  expect(daemon.due()).toMatchObject({ kind: 'now' });
});

it('a run that ended with less than all, and no node to blame, is tried again', () => {
  const daemon = begun();
  daemon.ended(3, 'ready');
  expect(daemon.due()).toMatchObject({ kind: 'later' });
});

it('a machine that is away is not failing', () => {
  const daemon = begun();
  daemon.memory.saw('s7', { kind: 'down', why: ofNode });
  daemon.ended(3, 'skipped', [ofNode]);
  expect(daemon.due()).toEqual({ kind: 'nothing' });
});
