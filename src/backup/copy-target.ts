import type { KeptSnapshot } from './retention.js';

/** Where copies go. */
export interface CopyTarget {
  /** Those that are there, as far as can be told. @throws DisklessError when it cannot be looked at */
  present(): Promise<KeptSnapshot[]>;
  /** Durable when it returns; until then, and after any failure, nothing counts as there. @throws DisklessError */
  put(name: string, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** Lets older ones go, where they are ours to remove. */
  tidy(now: Date): Promise<void>;
}
