import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cache } from './cache.js';
import { isAbandoned, ownerTag } from './owner.js';

/**
 * A download that stopped half-way lies in the cache as `parts/<sha256>.part`. A process takes it over by renaming it
 * to a name with its own host and pid in it: of two processes one gets it and the other starts afresh, without locks
 * or waiting. What a killed process held is recognised by its pid and taken over likewise.
 */
export async function claimPartialFile(cache: Cache, sha256: string): Promise<string> {
  const folder = join(cache.root, 'parts');
  const mine = ownName(sha256);
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${sha256}.`) && isFree(name));
  let claimed = names.includes(mine);
  for (const name of names) {
    if (name === mine) continue;
    if (claimed) await rm(join(folder, name), { force: true });
    else claimed = await renamed(join(folder, name), join(folder, mine));
  }
  return join(folder, mine);
}

/** Leaves what has arrived so far to whoever tries next. */
export async function releasePartialFile(cache: Cache, sha256: string): Promise<void> {
  const folder = join(cache.root, 'parts');
  await renamed(join(folder, ownName(sha256)), join(folder, `${sha256}.part`));
}

function ownName(sha256: string): string {
  return `${sha256}.${ownerTag()}.part`;
}

/** Nobody's, a dead process's, or a leftover under our own pid. */
function isFree(name: string): boolean {
  const tag = /^[0-9a-f]{64}\.(?:(\d+@.+)\.)?part$/.exec(name)?.[1];
  return tag === undefined || tag === ownerTag() || isAbandoned(tag);
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
