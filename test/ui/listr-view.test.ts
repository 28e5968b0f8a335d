import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test, vi } from 'vitest';
import type { RunEvent } from '../../src/runner/events.js';
import { createListrView } from '../../src/ui/listr-view.js';
import { PLAIN } from '../../src/ui/style.js';
import type { View } from '../../src/ui/view.js';
import { at, coldRun, nodeNames, partialRun, started, work } from './sample-runs.js';

const WAIT = { timeout: 20_000, interval: 20 };

/** A terminal that keeps every write; listr2 writes one frame at a time. */
function fakeTerminal({ columns = 80, rows = 30 } = {}) {
  const writes: string[] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      writes.push(String(chunk));
      done();
    },
  });
  const terminal = Object.assign(stream, { isTTY: true, columns, rows }) as unknown as NodeJS.WriteStream;
  const plain = (): string => stripVTControlCharacters(writes.join('')).replaceAll('\r', '');
  return { terminal, writes, plain };
}

function open(options: { columns?: number; rows?: number } = {}): ReturnType<typeof fakeTerminal> & { view: View } {
  const screen = fakeTerminal(options);
  const { terminal: stdout } = screen;
  const view = createListrView({ stdout, stderr: fakeTerminal().terminal, style: PLAIN, now: () => performance.now() });
  return { ...screen, view };
}

const feed = (view: View, events: RunEvent[]): void => events.forEach(view);

test('shows what runs, then how it ended, and gives the cursor back', async () => {
  const { view, plain, writes } = open();
  feed(view, [started(nodeNames(3)), at(10, { type: 'step-started', step: 'connect', node: 's4' })]);
  await vi.waitFor(() => expect(plain()).toMatch(/Connect over SSH +0\/1 .* waiting for s4/), WAIT);
  feed(view, coldRun().slice(1));
  await view.end();
  const shown = plain();
  const board = shown.slice(shown.lastIndexOf('✔ Connect over SSH'));
  await expect(board).toMatchFileSnapshot('../golden/ui/board-cold.txt');
  expect(writes.filter((text) => text === '\u001b[?25h').length).toBeGreaterThan(0);
  const lastHidden = writes.lastIndexOf('\u001b[?25l');
  expect(writes.lastIndexOf('\u001b[?25h')).toBeGreaterThan(lastHidden);
});

test('steps of any number of nodes take one line each, failures a line per kind', async () => {
  const { view, plain } = open({ columns: 120 });
  feed(view, partialRun());
  await view.end();
  const shown = plain();
  await expect(shown.slice(shown.lastIndexOf('✖ Connect over SSH'))).toMatchFileSnapshot(
    '../golden/ui/board-partial.txt',
  );
});

test('never draws a frame taller than the terminal', async () => {
  const { view, plain, writes } = open({ rows: 6 });
  const ids = Array.from({ length: 12 }, (_, index) => `step-${index}`);
  feed(view, [started(['s4']), ...ids.flatMap((step) => work({ step, node: 's4', fromMs: 1, toMs: 2 }))]);
  feed(view, [at(3, { type: 'step-started', step: 'last', node: 's4' })]);
  await vi.waitFor(() => expect(plain()).toMatch(/\d+ steps done/), WAIT);
  const frames = writes.filter((text) => text.includes('steps done'));
  expect(frames.length).toBeGreaterThan(0);
  for (const frame of frames) expect(frame.trimEnd().split('\n').length).toBeLessThan(6);
  feed(view, [at(4, { type: 'step-finished', step: 'last', node: 's4', outcome: 'changed', durationMs: 1 })]);
  await view.end();
  const final = plain().slice(plain().lastIndexOf('step-0'));
  for (const id of ids) expect(final).toContain(id);
});

test('ends without having begun, ends twice, and stays quiet afterwards', async () => {
  const { view, writes } = open();
  await view.end();
  await view.end();
  feed(view, [started(['s4']), at(1, { type: 'step-started', step: 'connect', node: 's4' })]);
  await view.end();
  expect(writes).toEqual([]);
});

test('listens to no signals of its own', () => {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const before = signals.map((signal) => process.listeners(signal).length);
  open();
  expect(signals.map((signal) => process.listeners(signal).length)).toEqual(before);
});
