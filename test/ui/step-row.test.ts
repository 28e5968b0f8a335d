import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/runner/events.js';
import { createRunModel, record } from '../../src/ui/run-model.js';
import { stepRow } from '../../src/ui/step-row.js';
import { PLAIN } from '../../src/ui/style.js';
import { at, fullTarget, nodeNames, partialRun, skipped, started, work } from './sample-runs.js';

function row(id: string, events: RunEvent[], { nowMs = 2_000, width = 76 } = {}) {
  const model = createRunModel();
  for (const event of events) record(model, event);
  const step = model.steps.get(id);
  if (!step) throw new Error(`no step ${id}`);
  return stepRow({ step, model, nowMs, width, style: PLAIN });
}

const begin = (step: string, names: string[]): RunEvent[] =>
  names.map((node) => at(100, { type: 'step-started', step, node }));

test('while it runs: how far, and who is waited for', () => {
  const three = [started(nodeNames(3)), ...begin('push', nodeNames(3))];
  const progress = nodeNames(3).map((node) => at(900, { type: 'progress', step: 'push', node, done: 3, total: 10 }));
  expect(row('push', three)).toEqual({
    state: 'running',
    text: 'Push files        0/3      1.9 s  waiting for s4, s5, s6',
  });
  const later = [...three, ...progress, ...work({ step: 'push', node: 's5', fromMs: 100, toMs: 1000 })];
  expect(row('push', later).text).toBe('Push files        1/3      1.9 s  30 %, waiting for s4, s6');
});

test('of many nodes it names only the one that takes longest', () => {
  const names = nodeNames(40);
  const events = [
    started(names),
    ...begin('push', names.slice(1)),
    at(700, { type: 'step-started', step: 'push', node: 's4' }),
  ];
  expect(row('push', events).text).toBe('Push files         0/40      1.9 s  40 to go, longest s5');
});

test('done: the slowest node; a cluster step has no nodes', () => {
  const events = [
    started(nodeNames(3)),
    ...work({ step: 'push', node: 's4', fromMs: 0, toMs: 900 }),
    ...work({ step: 'push', node: 's5', fromMs: 0, toMs: 1200, outcome: 'unchanged' }),
    ...work({ step: 'certificates', fromMs: 0, toMs: 40 }),
  ];
  expect(row('push', events)).toEqual({ state: 'done', text: 'Push files        2/2      1.2 s  slowest s5 1.2 s' });
  expect(row('certificates', events)).toEqual({ state: 'done', text: 'Certificates               40 ms' });
});

test('failures of one kind share a line below', () => {
  expect(row('push', partialRun()).text.split('\n')).toEqual([
    'Push files         7/12      2.8 s  4 failed · s11 skipped: connect on s11…',
    '↳ 4 nodes: <host> has no room for 145 MB: /opt has 12 MB left',
  ]);
  const one = work({ step: 'push', node: 's6', fromMs: 0, toMs: 5, error: fullTarget('s6') });
  expect(row('push', [started(['s6']), ...one], { width: 40 })).toEqual({
    state: 'failed',
    text: 'Push files        0/1       5 ms  s6 fa…\n↳ s6: s6 has no room for 145 MB: /opt h…',
  });
});

test('many kinds of failure are counted', () => {
  const events = nodeNames(5).flatMap((node, index) => {
    const error = fullTarget(node);
    Object.assign(error, { message: `reason ${index}` });
    return work({ step: 'push', node, fromMs: 0, toMs: 5, error });
  });
  expect(
    row('push', [started(nodeNames(5)), ...events])
      .text.split('\n')
      .at(-1),
  ).toBe('↳ 2 other failures');
});

test('left out entirely', () => {
  const events = [started(['s4']), skipped('push', 's4', 5, 'connect on s4 failed')];
  expect(row('push', events)).toEqual({
    state: 'skipped',
    text: 'Push files        0/1             s4 skipped: connect on s4 failed',
  });
});

test('no row is wider than it may be', () => {
  for (const width of [10, 20, 30, 40, 60]) {
    for (const line of row('push', partialRun(), { width }).text.split('\n'))
      expect(line.length).toBeLessThanOrEqual(width);
  }
});

test('what takes long is told below the row, until it has ended', () => {
  const wait = (node: string, reason: string) =>
    at(15_000, { type: 'waiting', step: 'push', nodes: [node], sinceMs: 100, reason });
  const events = [
    started(nodeNames(3)),
    ...begin('push', nodeNames(3)),
    wait('s4', 'no leader'),
    wait('s5', 'no leader'),
    wait('s6', 'its disk is slow'),
  ];
  expect(row('push', events, { nowMs: 15_100 }).text.split('\n').slice(1)).toEqual([
    '… s4, s5: no leader',
    '… s6: its disk is slow',
  ]);
  const done = [...events, ...work({ step: 'push', node: 's6', fromMs: 100, toMs: 16_000 }).slice(1)];
  expect(row('push', done, { nowMs: 16_000 }).text.split('\n').slice(1)).toEqual(['… s4, s5: no leader']);
});
