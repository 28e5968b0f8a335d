import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessIdentity } from './process-identity.js';
import { identityTag, parseIdentityTag } from './process-tag.js';

/** Who holds a lock, for people. */
export interface LockOwner extends ProcessIdentity {
  user: string;
  command: string;
  /** ISO 8601. */
  since: string;
}

/*
 * The name of the owner's entry holds its whole identity, so that taking a lock over is one rename from the dead
 * owner's name to the new one's; what the file contains is for people.
 */
const ENTRY = /^owner~(.+)~[0-9a-f]{8}$/;

/** A fresh name for one holding of a lock; two of the same process differ. */
export function entryName(identity: ProcessIdentity): string {
  return ['owner', identityTag(identity), randomBytes(4).toString('hex')].join('~');
}

export function parseEntryName(name: string): ProcessIdentity | undefined {
  return parseIdentityTag(ENTRY.exec(name)?.[1] ?? '');
}

/** Reads what the owner wrote of itself; of one that died before it could, only the identity is known. */
export async function readOwner(lock: string, entry: string, identity: ProcessIdentity): Promise<LockOwner> {
  const unknown = { ...identity, user: 'unknown', command: 'unknown', since: 'unknown' };
  const text = await readFile(join(lock, entry), 'utf8').catch(() => '');
  try {
    const owner: Partial<LockOwner> = JSON.parse(text);
    return owner.pid === identity.pid && owner.start === identity.start ? { ...unknown, ...owner } : unknown;
  } catch {
    return unknown;
  }
}
