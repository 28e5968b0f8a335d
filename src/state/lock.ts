import { rmdirSync, unlinkSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DisklessError, refusal, usageError } from '../errors.js';
import { type Claim, stageClaim, sweepStaging } from './lock-claim.js';
import { type LockOwner, parseEntryName, readOwner } from './lock-owner.js';
import { livenessOf } from './process-identity.js';
import { stateError } from './state-error.js';

export interface LockOptions {
  /** The lock's path, e.g. that of StateDir. */
  path: string;
  /** What this run does, for whoever is refused meanwhile. Never a secret: others read it. */
  command: string;
  now: () => Date;
  /** Who holds it may be waited for. Default: nobody is. */
  wait?: LockWait;
}

export interface LockWait {
  /** Whether this one, who lives on this machine, is waited for. */
  isFor: (owner: LockOwner) => boolean;
  /** Told once, when the waiting begins. */
  onWait?: (owner: LockOwner) => void;
  signal: AbortSignal;
}

export interface Lock {
  owner: LockOwner;
  /** The dead run it was taken over from. */
  takenOverFrom?: LockOwner;
  /** Synchronous, so that it may be called in a signal or exit handler; more than once does no harm. */
  release(): void;
}

/** A lock that is given back makes no event that the one who waits could be sure of. */
const LOOK_AGAIN_MS = 250;
/** A competitor can win between two of our calls; this often in a row it cannot. */
const ATTEMPTS = 100;

/**
 * Takes the lock, or takes it over from a dead owner. The lock is a directory with one entry, named by its owner:
 *  - a directory prepared beside it is renamed into its place, which the kernel refuses while the lock has an entry;
 *  - a dead owner's entry is renamed to ours, which succeeds for exactly one, because that name exists once.
 * So there is no moment at which two hold it, and a kill at any moment leaves a lock that can be taken over.
 *
 * @throws refusal (exit 5) `locked` while another run lives that is not waited for
 */
export async function acquireLock({ path, command, now, wait }: LockOptions): Promise<Lock> {
  try {
    const claim = await stageClaim({ path, command, since: now() });
    const lock = await acquire(claim, wait).finally(() => rm(claim.staging, { recursive: true, force: true }));
    await sweepStaging(path).catch((error: unknown) => {
      lock.release();
      throw error;
    });
    return lock;
  } catch (error) {
    throw stateError(path, error);
  }
}

async function acquire(claim: Claim, wait: LockWait | undefined): Promise<Lock> {
  let isWaiting = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await succeeds(rename(claim.staging, claim.path), ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'])) return held(claim);
    const holder = await holderOf(claim.path);
    if (holder === undefined) continue;
    if (holder.liveness === 'alive' && wait?.isFor(holder.owner)) {
      if (!isWaiting) wait.onWait?.(holder.owner);
      isWaiting = true;
      await sleep(LOOK_AGAIN_MS, undefined, { signal: wait.signal }).catch(() => wait.signal.throwIfAborted());
      attempt = 0;
      continue;
    }
    if (holder.liveness !== 'dead') throw locked(claim.path, holder.owner, holder.liveness === 'unknown');
    if (await takeOver(claim, holder.entry)) return held(claim, holder.owner);
  }
  throw refusal({
    code: 'locked',
    message: `the lock ${claim.path} keeps changing hands`,
    hint: 'other runs come and go on this cluster: try again when they are done',
  });
}

async function takeOver({ path, entry, staging }: Claim, deadEntry: string): Promise<boolean> {
  if (!(await succeeds(rename(join(path, deadEntry), join(path, entry)), ['ENOENT']))) return false;
  await rename(join(staging, entry), join(path, entry));
  return true;
}

interface Holder {
  entry: string;
  owner: LockOwner;
  liveness: 'alive' | 'dead' | 'unknown';
}

/** undefined when the lock was released meanwhile. */
async function holderOf(path: string): Promise<Holder | undefined> {
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw notALock(path, error);
  });
  const [entry] = entries;
  if (entry === undefined) return undefined;
  const identity = parseEntryName(entry);
  if (identity === undefined) throw notALock(path);
  const liveness = await livenessOf(identity);
  return { entry, liveness, owner: await readOwner(path, entry, identity) };
}

function held({ path, entry, owner }: Claim, takenOverFrom?: LockOwner): Lock {
  const release = (): void => {
    ignoring(['ENOENT'], () => unlinkSync(join(path, entry)));
    // The next owner may be in already: then the directory is no longer empty, and theirs.
    ignoring(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => rmdirSync(path));
  };
  return { owner, release, ...(takenOverFrom && { takenOverFrom }) };
}

function locked(path: string, owner: LockOwner, elsewhere: boolean): DisklessError {
  const where = elsewhere ? ` on ${owner.host}` : '';
  return refusal({
    code: 'locked',
    message: `another run holds the lock: ${owner.command} (pid ${owner.pid}${where}, user ${owner.user}, since ${owner.since})`,
    hint: elsewhere
      ? `whether it still runs cannot be told from here; if it is certainly dead, remove ${path}`
      : `wait for it, or end it: kill ${owner.pid}`,
  });
}

function notALock(path: string, cause?: unknown): DisklessError {
  return usageError({
    code: 'lock-foreign',
    message: `${path} is not a lock of k8s-diskless`,
    hint: 'look what it is, and move it away',
    cause,
  });
}

/** false for the expected failures. */
async function succeeds(action: Promise<unknown>, expected: readonly string[]): Promise<boolean> {
  return action.then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (expected.includes(error.code ?? '')) return false;
      throw error;
    },
  );
}

function ignoring(expected: readonly string[], action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!expected.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
