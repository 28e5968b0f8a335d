import { randomBytes } from 'node:crypto';

/** What issuing takes from the world beside keys, which only node:crypto makes. */
export interface PkiEnvironment {
  now: () => Date;
  /** Cryptographically strong bytes. */
  random: (size: number) => Buffer;
}

export const REAL_ENVIRONMENT: PkiEnvironment = { now: () => new Date(), random: (size) => randomBytes(size) };
