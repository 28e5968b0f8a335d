import type { BootEvent } from '../boot/server/boot-events.js';
import { type BootView, bootLines, timeOfDay } from './boot-lines.js';
import { createBootModel, recordBoot } from './boot-model.js';
import { bootTable } from './boot-table.js';
import { createRedraw } from './redraw.js';
import { PLAIN, type Style } from './style.js';
import { truncate } from './text-table.js';
import { count } from './units.js';
import { screenWidth } from './view.js';

export interface BootBoardOptions {
  stdout: Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>;
  style: Style;
  /** Monotonic milliseconds; only differences count. */
  now: () => number;
  /** Calls again and again until the function it returns is called. */
  every: (ms: number, tick: () => void) => () => void;
}

/** How often ages and percentages are drawn anew. */
const DRAW_EVERY_MS = 250;
/** What was unusual stays readable for a while. */
const MOST_NEWS = 5;

/** For terminals: a table of machines and their boots, redrawn in place, and the latest news below. */
export function createBootBoard({ stdout, style, now, every }: BootBoardOptions): BootView {
  const model = createBootModel();
  const redraw = createRedraw((text) => void stdout.write(text));
  const news: string[] = [];
  let head: string[] = [];
  let zeroMs = 0;
  const draw = (whole = false): void => {
    const width = screenWidth(stdout.columns) - 1;
    const table = bootTable({ model, nowMs: now() - zeroMs, width, style });
    const most = whole ? table.length : Math.max(2, (stdout.rows ?? 24) - head.length - news.length - 3);
    const rest = table.length - most;
    redraw.draw([
      ...head.map((line) => truncate(line, width)),
      ...table.slice(0, most),
      ...(rest > 0 ? [style.dim(`… ${count(rest, 'more machine')}`)] : []),
      ...news.map((line) => truncate(line, width)),
    ]);
  };
  const stop = every(DRAW_EVERY_MS, draw);
  const view = (event: BootEvent): void => {
    zeroMs = now() - event.ms;
    recordBoot(model, event);
    const lines = bootLines(event, PLAIN);
    if (event.type === 'serving') head = lines;
    else if (isNews(event)) news.push(...lines.map((line) => `[${timeOfDay(event.time)}] ${line}`));
    news.splice(0, Math.max(0, news.length - MOST_NEWS));
    if (event.type !== 'transfer-progress') draw();
  };
  return Object.assign(view, {
    end() {
      stop();
      draw(true);
    },
  });
}

/** The table tells the rest. */
function isNews(event: BootEvent): boolean {
  return event.type !== 'transfer-finished' || event.outcome !== 'done';
}
