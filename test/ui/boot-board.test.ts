import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { BootEvent } from '../../src/boot/server/boot-events.js';
import { createBootBoard } from '../../src/ui/boot-board.js';
import { PLAIN } from '../../src/ui/style.js';
import { morning, SERVING, stamped } from './sample-boots.js';

const golden = (name: string): string => fileURLToPath(new URL(`../golden/ui/${name}`, import.meta.url));

/** A terminal that keeps what a person would see: the last drawing in place. */
function terminal({ columns = 100, rows = 24 } = {}) {
  const lines: string[] = [];
  let ticks = 0;
  let nowMs = 0;
  let stopped = false;
  let tick = (): void => {};
  const write = (text: string): boolean => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences that move the cursor.
    const [, up = '0', rest = ''] = /^(?:\u001b\[(\d+)A\u001b\[0J)?(.*)$/s.exec(text) ?? [];
    lines.splice(lines.length - Number(up));
    lines.push(...stripVTControlCharacters(rest).split('\n').slice(0, -1));
    ticks += 1;
    return true;
  };
  const board = createBootBoard({
    stdout: { write, columns, rows },
    style: PLAIN,
    now: () => nowMs,
    every: (_ms, draw) => {
      tick = draw;
      return () => {
        stopped = true;
      };
    },
  });
  return {
    lines,
    drawings: () => ticks,
    stopped: () => stopped,
    board,
    show: (event: BootEvent) => {
      nowMs = event.ms;
      board(event);
    },
    wait: (ms: number) => {
      nowMs += ms;
      tick();
    },
  };
}

test('machines and their boots in place, the news below', async () => {
  const { lines, show } = terminal();
  for (const event of morning().slice(0, -2)) show(event);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(golden('boot-board.txt'));
});

test('ages grow without any event', () => {
  const { lines, show, wait } = terminal();
  for (const event of morning().slice(0, 6)) show(event);
  wait(30_000);
  expect(lines.find((line) => line.startsWith('s4'))).toContain('30.0 s ago');
});

test('progress is drawn with the next tick, not at once', () => {
  const { show, drawings, wait, lines } = terminal();
  const events = morning();
  for (const event of events.slice(0, -3)) show(event);
  const before = drawings();
  show(events.at(-3) as BootEvent);
  expect(drawings()).toBe(before);
  wait(250);
  expect(lines.find((line) => line.startsWith('s5'))).toContain('43 %');
});

describe('more machines than the screen has lines', () => {
  const hosts = Array.from({ length: 40 }, (_, index) => `s${index}`);
  const serving = stamped({ ...SERVING, hosts } as typeof SERVING, 0);

  test('are counted', () => {
    const { lines, show } = terminal({ rows: 12 });
    show(serving);
    expect(lines.length).toBeLessThan(12);
    expect(lines.at(-1)).toMatch(/^… \d+ more machines$/);
  });

  test('and shown at the end, when nothing is drawn any more', () => {
    const { lines, show, board, stopped } = terminal({ rows: 12 });
    show(serving);
    board.end();
    expect(lines.filter((line) => /^s\d+ /.test(line))).toHaveLength(40);
    expect(stopped()).toBe(true);
  });
});

test('a narrow terminal never gets a line that breaks', () => {
  const { lines, show } = terminal({ columns: 60 });
  for (const event of morning()) show(event);
  expect(lines.filter((line) => line.length > 59)).toEqual([]);
});
