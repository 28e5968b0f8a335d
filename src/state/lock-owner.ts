import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessIdentity } from './process-identity.js';

/** Who holds a lock, for people. */
export interface LockOwner extends ProcessIdentity {
  user: string;
  command: string;
  /** ISO 8601. */
  since: string;
}

/*
 * The name of the owner's entry holds its whole identity, so that taking a lock over is one rename from the dead
 * owner's name to the new one's; what the file contains is for people. Start times of `ps` hold spaces and colons,
 * host names dots: everything goes through encodeURIComponent, which leaves those of Linux as they are.
 */
const ENTRY = /^owner~(\d+)~([^~]*)~([^~]*)~([^~]*)~([^~]+)~[0-9a-f]{8}$/;

/** A fresh name for one holding of a lock; two of the same process differ. */
export function entryName({ pid, start, boot, namespace, host }: ProcessIdentity): string {
  const parts = [pid, start, boot, namespace, host].map((part) => encodeURIComponent(part).replaceAll('~', '%7E'));
  return ['owner', ...parts, randomBytes(4).toString('hex')].join('~');
}

export function parseEntryName(name: string): ProcessIdentity | undefined {
  const parts = ENTRY.exec(name)?.slice(1).map(decodeURIComponent);
  if (parts === undefined) return undefined;
  const [pid = '', start = '', boot = '', namespace = '', host = ''] = parts;
  return { pid: Number(pid), start, boot, namespace, host };
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
