import type { EventSink } from '../runner/events.js';
import type { Style } from './style.js';

/** One way to show a run, drawn from its events alone. */
export type View = EventSink & {
  /** Gives the terminal back; nothing is shown afterwards. May be called at any time, and more than once. */
  end(): Promise<void>;
};

/** Where text goes, and what it can show. */
export interface Screen {
  write(text: string): void;
  /** Characters per line. */
  width: number;
  style: Style;
}

/** Lines longer than this are hard to read, whatever the window is. */
const WIDEST = 160;
/** Without a terminal there is no width: log viewers wrap for themselves. */
const NO_TERMINAL_WIDTH = 120;

export function screenWidth(columns: number | undefined): number {
  return columns ? Math.min(columns, WIDEST) : NO_TERMINAL_WIDTH;
}
