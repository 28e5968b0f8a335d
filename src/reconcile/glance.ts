import { tellingWhy } from '../runner/long-waits.js';
import type { Run } from './context.js';

/** Before a long wait is told of for the first time, and before it is told of again. */
const EVERY_MS = 12_000;

/**
 * Beside work in which a node waits by itself: now and then what for is looked at, for a person; not at all where the work
 * is quick.
 */
export async function glancing<T>(
  { options, signal }: Pick<Run, 'options' | 'signal'>,
  look: (signal: AbortSignal) => Promise<string>,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const tell = tellingWhy();
  const glance = async (): Promise<void> => {
    for (;;) {
      await options.clock.sleep(EVERY_MS, either);
      const seen = await look(either).catch(() => '');
      if (seen !== '') tell(seen);
    }
  };
  // It ends with the work.
  glance().catch(() => undefined);
  return work().finally(() => over.abort());
}
