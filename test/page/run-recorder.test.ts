import { expect, it } from 'vitest';
import { createRunRecorder } from '../../src/page/run-recorder.js';
import type { RunEvent } from '../../src/runner/events.js';
import { at, coldRun, idleRun, interruptedRun, partialRun, refusedRun, started, work } from '../ui/sample-runs.js';

function recorded(events: readonly RunEvent[]) {
  const recorder = createRunRecorder();
  for (const event of events) recorder.record(event);
  return recorder.recorded();
}

it('nothing yet', () => expect(recorded([])).toEqual({ runs: [], events: [] }));

it('a run that goes on: steps in their order, with each node’s part', () => {
  const { now, last } = recorded([
    started(['s4', 's5']),
    ...work({ step: 'connect', node: 's4', fromMs: 5, toMs: 210 }),
    at(210, { type: 'step-started', step: 'push', node: 's4' }),
    at(215, { type: 'step-started', step: 'etcd' }),
    at(6000, { type: 'waiting', step: 'push', nodes: ['s4'], sinceMs: 210, reason: 'the link is slow' }),
  ]);
  expect(last).toBeUndefined();
  expect(now).toMatchObject({ command: 'up', outcome: 'running', durationMs: 6000, since: '2026-11-20T10:00:00.000Z' });
  const begun = now?.steps.filter(({ runs }) => runs.length > 0);
  expect(begun).toEqual([
    {
      id: 'connect',
      title: 'Connect over SSH',
      runs: [{ node: 's4', outcome: 'changed', startMs: 5, endMs: 210 }],
    },
    {
      id: 'push',
      title: 'Push files',
      runs: [{ node: 's4', outcome: 'running', startMs: 210, reason: 'the link is slow' }],
    },
    { id: 'etcd', title: 'Start etcd', runs: [{ outcome: 'running', startMs: 215 }] },
  ]);
  expect(now?.steps.at(-1)).toEqual({ id: 'ready', title: 'Wait until Ready', runs: [] });
});

it.each([
  ['done', coldRun()],
  ['partial', partialRun()],
  ['refused', refusedRun()],
  ['interrupted', interruptedRun()],
] as const)('a run that ended: %s', (outcome, events) => {
  const { now, last, runs, events: told } = recorded(events);
  expect(now).toBeUndefined();
  expect(last).toMatchObject({ outcome, changed: expect.any(Number) });
  expect(last?.error !== undefined).toBe(['partial', 'refused'].includes(outcome));
  expect(runs).toEqual([{ outcome, count: 1, seconds: (last?.durationMs ?? 0) / 1000 }]);
  expect(told.at(-1)?.text).toContain(outcome);
});

it('runs are counted, and the last one stays while the next goes on', () => {
  const { now, last, runs } = recorded([...coldRun(), ...idleRun(), ...partialRun(), started(['s4'])]);
  expect(now?.outcome).toBe('running');
  expect(last?.outcome).toBe('partial');
  expect(runs.map(({ outcome, count }) => [outcome, count])).toEqual([
    ['done', 2],
    ['partial', 1],
  ]);
});

it('events tell what failed, where, and what to do; the newest last, each with its number', () => {
  const { events } = recorded(partialRun());
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
  const failure = events.find(({ level }) => level === 'error');
  expect(failure).toMatchObject({ node: expect.any(String), text: expect.stringContaining('(') });
  expect(JSON.stringify(events)).not.toContain('undefined');
});

it('others’ words stand among them, and the oldest make room', () => {
  const recorder = createRunRecorder();
  for (let index = 0; index < 1000; index += 1) {
    recorder.say({ time: '2026-11-20T10:00:00Z', level: 'info', node: 's4', text: `machine ${index}` });
  }
  const { events } = recorder.recorded();
  expect(events).toHaveLength(200);
  expect(events.at(-1)).toMatchObject({ id: 1000, text: 'machine 999' });
});

it('events of no run are nobody’s', () => {
  expect(recorded(work({ step: 'connect', node: 's4', fromMs: 5, toMs: 210 }))).toEqual({ runs: [], events: [] });
});
