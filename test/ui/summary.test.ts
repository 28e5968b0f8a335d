import { expect, test } from 'vitest';
import { EXIT } from '../../src/errors.js';
import type { RunEvent } from '../../src/runner/events.js';
import { createRunModel, record } from '../../src/ui/run-model.js';
import { PLAIN, styleFor } from '../../src/ui/style.js';
import { summary } from '../../src/ui/summary.js';
import { at, coldRun, interruptedRun, nodeNames, partialRun, started } from './sample-runs.js';

function summaryOf(events: RunEvent[], { width = 80, style = PLAIN, verbose = false } = {}): string[] {
  const model = createRunModel();
  for (const event of events) record(model, event);
  return summary({ model, width, style, verbose });
}

test.each([
  ['cold', 80, coldRun()],
  ['cold-narrow', 40, coldRun()],
  ['partial', 80, partialRun()],
  ['40-nodes', 160, coldRun(40)],
])('%s', async (name, width, events) => {
  await expect(`${summaryOf(events, { width }).join('\n')}\n`).toMatchFileSnapshot(`../golden/ui/summary-${name}.txt`);
});

test('many different notes of a kind are cut short, equal ones are one', () => {
  const note = (node: string, message: string) =>
    at(1, { type: 'note', level: 'info', code: 'host-key', node, message });
  const events = [
    started([]),
    ...nodeNames(10).map((node) => note(node, 'recorded')),
    ...nodeNames(7).map((node) => note(node, `key of ${node}`)),
    at(2, { type: 'run-finished', exit: EXIT.done, durationMs: 2, changed: 0, nodes: [] }),
  ];
  const notes = (verbose: boolean) => summaryOf(events, { verbose }).filter((line) => /^(i| {2}…) /.test(line));
  expect(notes(false)).toEqual([
    'i 10 nodes: recorded',
    ...nodeNames(4).map((node) => `i ${node}: key of ${node}`),
    '  … 3 more of this kind with --verbose',
  ]);
  expect(notes(true)).toHaveLength(8);
});

test('nothing before the run is over', () => {
  expect(summaryOf(coldRun().slice(0, -1))).toEqual([]);
});

test.each([
  [EXIT.done, '✔ up: cluster default works, 0 nodes ready, nothing changed (2.0 s)'],
  [EXIT.bug, '✖ up: failed by a fault in k8s-diskless itself, nothing changed so far (2.0 s)'],
  [EXIT.usage, '✖ up: not started, the input is wrong (2.0 s)'],
  [EXIT.partial, '! up: cluster default works, but not everything is as it should be; nothing changed (2.0 s)'],
  [EXIT.failed, '✖ up: failed, nothing changed so far; the same command continues (2.0 s)'],
  [EXIT.refused, '✖ up: refused, a person must decide; nothing changed (2.0 s)'],
  [EXIT.interrupted, '✖ up: interrupted, nothing changed so far; the same command continues (2.0 s)'],
])('exit %i is said in words', (exit, sentence) => {
  const finished = at(2000, { type: 'run-finished', exit, durationMs: 2000, changed: 0, nodes: [] });
  expect(summaryOf([started([]), finished], { width: 120 }).at(-1)).toBe(sentence);
});

test('colours only where they are wanted', () => {
  const coloured = styleFor({ isTTY: true }, {});
  const lines = summaryOf(interruptedRun(), { style: coloured });
  expect(lines.join('')).toContain('\u001b[31m');
  for (const style of [
    styleFor({ isTTY: true }, { NO_COLOR: '1' }),
    styleFor({ isTTY: true }, { TERM: 'dumb' }),
    styleFor({}, {}),
  ]) {
    expect(summaryOf(interruptedRun(), { style })).toEqual(summaryOf(interruptedRun()));
  }
});
