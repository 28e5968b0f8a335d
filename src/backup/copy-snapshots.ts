import type { BackupSpec } from '../config/spec.js';
import { type DisklessError, ownError } from '../errors.js';
import type { SealFor } from '../sealed/seal.js';
import { newestFirst } from '../state/position.js';
import type { StateDir } from '../state/state-dir.js';
import { type CopiesRecord, readCopies, targetText, writeCopies } from './copies-record.js';
import { type CopyOwner, copyName } from './copy-names.js';
import type { CopyTarget } from './copy-target.js';
import { copyToCommand } from './copy-to-command.js';
import { copyToFolder } from './copy-to-folder.js';
import { type KeptSnapshot, policyOf, prunable } from './retention.js';
import { snapshotFile } from './snapshot-file.js';
import type { SnapshotInfo } from './snapshot-info.js';
import { listSnapshots, snapshotStore } from './snapshot-store.js';

export interface CopySnapshotsOptions {
  state: StateDir;
  owner: CopyOwner;
  settings: BackupSpec;
  env: NodeJS.ProcessEnv;
  now: () => Date;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  signal: AbortSignal;
}

const ATTEMPTS = 3;
const FIRST_DELAY_MS = 1_000;
/** So many of those that a program was given are remembered. */
const KNOWN = 1_000;
/** A program that sends far away may have to begin anew inside. */
const STALL_MS = 120_000;

/**
 * Brings every snapshot that is kept, and is not where copies go yet, there: the newest first. What fails is tried again a
 * few times, then told, recorded for `status`, and made up for by the next run.
 *
 * @returns why not all of them are there; undefined where they are, or where none are to go
 */
export async function copySnapshots(options: CopySnapshotsOptions): Promise<DisklessError | undefined> {
  const { settings, signal } = options;
  if (settings.copyTo === undefined) return undefined;
  try {
    return await copyTo(settings.copyTo, options);
  } catch (error) {
    signal.throwIfAborted();
    return ownError(error);
  }
}

async function copyTo(to: Where, options: CopySnapshotsOptions): Promise<DisklessError | undefined> {
  const { state, now, signal } = options;
  const before = await readCopies(state, targetText(to));
  const target = targetOf(to, options, before.copied);
  const copied: KeptSnapshot[] = [];
  const bring = async (): Promise<DisklessError | undefined> => {
    const present = await target.present();
    copied.push(...present);
    let damage: DisklessError | undefined;
    for (const snapshot of await missing(options, present)) {
      const damaged = await persistently(() => bringOne(target, snapshot, options), options);
      damage ??= damaged;
      if (damaged === undefined) copied.push(snapshot);
    }
    await target.tidy(now());
    return damage;
  };
  const problem = await bring().catch(ownError);
  await writeCopies(state, recordOf({ before, copied, problem, at: now().toISOString() }));
  signal.throwIfAborted();
  return problem;
}

type Where = NonNullable<BackupSpec['copyTo']>;

function targetOf(
  to: Where,
  { settings, owner, env }: CopySnapshotsOptions,
  given: readonly KeptSnapshot[],
): CopyTarget {
  const { copyKeep, copyKeepDays } = settings;
  if (typeof to === 'string') return copyToFolder({ folder: to, owner, policy: policyOf(copyKeep, copyKeepDays) });
  return copyToCommand({ command: to, env, given, stallMs: STALL_MS });
}

/** The newest first; without those that would be let go at once. */
async function missing(
  { state, settings, now }: CopySnapshotsOptions,
  present: readonly KeptSnapshot[],
): Promise<SnapshotInfo[]> {
  const there = new Set(present.map(({ id }) => id));
  const { snapshots } = await listSnapshots(snapshotStore(state));
  const absent = snapshots.filter(({ id }) => !there.has(id));
  const policy = policyOf(settings.copyKeep, settings.copyKeepDays);
  const all = [...present, ...absent];
  const gone = new Set(prunable({ snapshots: all, policy, needed: new Set(), now: now().getTime() }));
  return absent.filter(({ id }) => !gone.has(id));
}

async function bringOne(
  target: CopyTarget,
  snapshot: SnapshotInfo,
  { state, owner, settings, signal }: CopySnapshotsOptions,
): Promise<void> {
  const { recipients } = settings;
  const to: SealFor | undefined = recipients && { recipients };
  const chunks = snapshotFile({ store: snapshotStore(state), snapshot, to, signal });
  await target.put(copyName(owner, snapshot, to !== undefined), chunks, signal);
}

/** @returns what is damaged here and stays so: others can be brought all the same */
async function persistently(
  work: () => Promise<void>,
  { sleep, signal }: CopySnapshotsOptions,
): Promise<DisklessError | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return undefined;
    } catch (thrown) {
      signal.throwIfAborted();
      const error = ownError(thrown);
      if (error.code === 'snapshot-damaged') return error;
      if (attempt === ATTEMPTS) throw error;
      await sleep(FIRST_DELAY_MS * 4 ** (attempt - 1), signal);
    }
  }
}

interface Brought {
  before: CopiesRecord;
  copied: readonly KeptSnapshot[];
  problem: DisklessError | undefined;
  at: string;
}

function recordOf({ before, copied, problem, at }: Brought): CopiesRecord {
  const { failure: _last, ...rest } = before;
  const known = copied.length > 0 || problem === undefined ? copied : before.copied;
  const list = known.map(({ id, incarnation, revision, takenAt }) => ({ id, incarnation, revision, takenAt }));
  return {
    ...rest,
    copied: list.toSorted(newestFirst).slice(0, KNOWN),
    ...(problem === undefined && { copiedAt: at }),
    ...(problem !== undefined && { failure: { at, message: problem.message } }),
  };
}
