import { createBootBoard } from '../ui/boot-board.js';
import { type BootView, createBootLines } from '../ui/boot-lines.js';
import type { ViewOptions } from './view.js';
import { screenOf } from './view.js';

/** A row has a name, an address and a mark per file. */
const NARROWEST_BOARD = 60;

/** The live view of `boot serve`: a table on a terminal, lines elsewhere, events as JSON where they are asked for. */
export function openBootView({ output }: Pick<ViewOptions, 'output'>): BootView {
  const { stdout, env } = process;
  if (output === 'json') return jsonView();
  const drawable = output === 'auto' && stdout.isTTY && env.TERM !== 'dumb' && stdout.columns >= NARROWEST_BOARD;
  const screen = screenOf(stdout);
  if (!drawable) return createBootLines(screen);
  const every = (ms: number, tick: () => void): (() => void) => {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  };
  return createBootBoard({ stdout, style: screen.style, now: () => performance.now(), every });
}

/** How far a transfer is at which moment is only for watching. */
function jsonView(): BootView {
  const view: (event: Parameters<BootView>[0]) => void = (event) => {
    if (event.type !== 'transfer-progress') process.stdout.write(`${JSON.stringify(event)}\n`);
  };
  return Object.assign(view, { end: () => {} });
}
