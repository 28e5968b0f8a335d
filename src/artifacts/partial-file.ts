import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cache } from './cache.js';
import { isAbandoned, ownerTag } from './owner.js';

/**
 * A download that stopped half-way lies in the cache as `parts/<sha256>.part`. A process takes it over by renaming it
 * to a name with its own identity in it: of two processes one gets it and the other starts afresh, without locks or
 * waiting. What a killed process held is recognised by its name and taken over likewise.
 */
export async function claimPartialFile(cache: Cache, sha256: string): Promise<string> {
  const folder = join(cache.root, 'parts');
  const mine = await ownName(sha256);
  const names = await freeNames(folder, sha256, mine);
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
  await renamed(join(folder, await ownName(sha256)), join(folder, `${sha256}.part`));
}

async function ownName(sha256: string): Promise<string> {
  return `${sha256}.${await ownerTag()}.part`;
}

/** Nobody's, a dead process's, and what an earlier attempt of ours left. */
async function freeNames(folder: string, sha256: string, mine: string): Promise<string[]> {
  const free: string[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${sha256}.`)) continue;
    const tag = /^[0-9a-f]{64}\.(?:(.+)\.)?part$/.exec(name)?.[1];
    if (tag === undefined || name === mine || (await isAbandoned(tag))) free.push(name);
  }
  return free;
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
