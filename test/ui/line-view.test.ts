import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/runner/events.js';
import { createLineView } from '../../src/ui/line-view.js';
import { PLAIN } from '../../src/ui/style.js';
import { at, coldRun, idleRun, interruptedRun, partialRun, refusedRun, started } from './sample-runs.js';

function show(events: RunEvent[], verbose = false): string {
  const written: string[] = [];
  const screen = { write: (text: string) => void written.push(text), width: 120, style: PLAIN };
  const view = createLineView({ screen, verbose });
  for (const event of events) view(event);
  return written.join('');
}

const RUNS = {
  cold: coldRun(),
  idle: idleRun(),
  partial: partialRun(),
  refused: refusedRun(),
  interrupted: interruptedRun(),
};

test.each(Object.entries(RUNS))('a %s run', async (name, events) => {
  await expect(show(events)).toMatchFileSnapshot(`../golden/ui/lines-${name}.txt`);
});

test('verbose tells everything', async () => {
  await expect(show(coldRun(1), true)).toMatchFileSnapshot('../golden/ui/lines-cold-verbose.txt');
});

test('a long transfer says now and then how far it is', () => {
  const progress = (ms: number, done: number) =>
    at(ms, { type: 'progress', step: 'push', node: 's4', done, total: 100 });
  const events = [
    started(['s4']),
    at(1_000, { type: 'step-started', step: 'push', node: 's4' }),
    progress(2_000, 5),
    progress(11_500, 40),
    progress(12_000, 42),
    progress(22_000, 80),
  ];
  expect(show(events).split('\n').slice(1, -1)).toEqual([
    '[   11.5 s] s4: Push files: 40 %',
    '[   22.0 s] s4: Push files: 80 %',
  ]);
});

test('what takes long is told with why, nodes that wait for the same together', () => {
  const waiting = (ms: number, nodes: string[], reason?: string) =>
    at(ms, { type: 'waiting', step: 'etcd', nodes, sinceMs: 1_000, ...(reason !== undefined && { reason }) });
  const begun = ['s4', 's5'].map((node) => at(1_000, { type: 'step-started', step: 'etcd', node }));
  const events = [started(['s4', 's5']), ...begun, waiting(15_000, ['s4', 's5'], 'no leader'), waiting(31_000, [])];
  expect(show(events).split('\n').slice(1, -1)).toEqual([
    '[   15.0 s] s4, s5: Start etcd: still waiting after 14.0 s: no leader',
    '[   31.0 s] Start etcd: still waiting after 30.0 s',
  ]);
});
