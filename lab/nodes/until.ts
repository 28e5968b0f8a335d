import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds until it gives up. */
  timeout: number;
}

/** How often a condition is looked at that nothing announces: the end of processes not our own, an open port. */
const INTERVAL = 20;

/** Gives the first value that is not undefined, or undefined after the timeout. */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  { signal, timeout }: UntilOptions,
): Promise<T | undefined> {
  const deadline = performance.now() + timeout;
  while (true) {
    const found = await look();
    if (found !== undefined || performance.now() > deadline) return found;
    await sleep(INTERVAL, undefined, { signal });
  }
}
