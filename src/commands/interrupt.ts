import { setMaxListeners } from 'node:events';
import { DisklessError, EXIT } from '../errors.js';

const CONTINUES = 'run the same command again: it continues from here';

/**
 * Runs a command that Ctrl-C stops cleanly: the first signal asks every step to stop, a second one no longer waits.
 *
 * @param hint What a person can do then
 */
export async function interruptible<T>(
  command: (signal: AbortSignal) => Promise<T>,
  hint: string = CONTINUES,
): Promise<T> {
  const controller = new AbortController();
  // Every step of every node listens; there is no number of them that would be a leak.
  setMaxListeners(0, controller.signal);
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
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
