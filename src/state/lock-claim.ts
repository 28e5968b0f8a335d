import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { entryName, type LockOwner, parseEntryName } from './lock-owner.js';
import { identify, livenessOf } from './process-identity.js';

/** A prepared directory with our entry in it, beside the lock and ready to be renamed into its place. */
export interface Claim {
  /** The lock's own path. */
  path: string;
  /** Name of our entry. */
  entry: string;
  staging: string;
  owner: LockOwner;
}

export interface ClaimOptions {
  path: string;
  command: string;
  since: Date;
}

export async function stageClaim({ path, command, since }: ClaimOptions): Promise<Claim> {
  const identity = await identify(process.pid);
  const owner = { ...identity, user: userName(), command, since: since.toISOString() };
  const entry = entryName(identity);
  const staging = join(dirname(path), stagingPrefix(path) + entry + STAGING_SUFFIX);
  await mkdir(staging, { mode: 0o700 });
  await writeFile(join(staging, entry), `${JSON.stringify(owner, null, 2)}\n`, { mode: 0o600 });
  return { path, entry, staging, owner };
}

/** Removes what runs left behind that were killed while they claimed the lock; claims of living ones stay. */
export async function sweepStaging(path: string): Promise<void> {
  const prefix = stagingPrefix(path);
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix) || !name.endsWith(STAGING_SUFFIX)) continue;
    const identity = parseEntryName(name.slice(prefix.length, -STAGING_SUFFIX.length));
    if (identity === undefined || (await livenessOf(identity)) !== 'dead') continue;
    await rm(join(dirname(path), name), { recursive: true, force: true });
  }
}

const STAGING_SUFFIX = '.tmp';

function stagingPrefix(path: string): string {
  return `.${basename(path)}-`;
}

/** In containers the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
