import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What browsers hold in place of the token. */
export interface Sessions {
  isToken(given: string): boolean;
  isOpen(session: string): boolean;
  /** A new one, random; the oldest makes room for it. */
  open(): string;
}

const KEPT_SESSIONS = 200;
export const SESSION_SECONDS = 7 * 24 * 60 * 60;

/** Kept in memory, and only as digests: who restarts `serve` asks for the token again. */
export function createSessions(token: string, nowMs: () => number): Sessions {
  const expected = digest(token);
  const ends = new Map<string, number>();
  const nameOf = (session: string): string => digest(session).toString('hex');
  return {
    isToken: (given) => timingSafeEqual(digest(given), expected),
    isOpen: (session) => (ends.get(nameOf(session)) ?? 0) > nowMs(),
    open() {
      const session = randomBytes(32).toString('base64url');
      ends.set(nameOf(session), nowMs() + SESSION_SECONDS * 1000);
      const [oldest = ''] = ends.keys();
      if (ends.size > KEPT_SESSIONS) ends.delete(oldest);
      return session;
    },
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
