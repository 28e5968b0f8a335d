import { setMaxListeners } from 'node:events';
import { DisklessError, EXIT } from '../errors.js';

const CONTINUES = 'run the same command again: it continues from here';
/** The terminal signals its whole group, and npm, npx and timeout pass on what they got: one Ctrl-C comes twice. */
const SAME_PRESS_MS = 300;

export interface InterruptOptions {
  /** What a person can do then. */
  hint?: string;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/** Runs a command that Ctrl-C stops cleanly: the first asks every step to stop, a second one no longer waits. */
export async function interruptible<T>(
  command: (signal: AbortSignal) => Promise<T>,
  { hint = CONTINUES, now = () => performance.now() }: InterruptOptions = {},
): Promise<T> {
  const controller = new AbortController();
  // Every step of every node listens; there is no number of them that would be a leak.
  setMaxListeners(0, controller.signal);
  let firstMs = Number.POSITIVE_INFINITY;
  const stop = (): void => {
    if (now() - firstMs >= SAME_PRESS_MS) process.exit(EXIT.interrupted);
    if (controller.signal.aborted) return;
    firstMs = now();
    controller.abort(new DisklessError({ code: 'interrupted', exit: EXIT.interrupted, message: 'interrupted', hint }));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    return await command(controller.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
