import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isLocked } from './build-lock.js';
import { buildLock, inCache } from './cache-locks.js';
import { cacheUsers } from './cache-users.js';
import { contentsFile } from './contents.js';
import { CACHE_LIMIT, COMPILED, CONTENTS, DOWNLOADS, SCRATCH, USERS, WORKPLACES } from './lab-cache.js';
import { runCommand } from './run-command.js';

/** Something that the cache holds: a finished product, or what is only needed to build others. */
export interface CacheEntry {
  /** Below the cache, `PRODUCT/VERSION_KEY` or a folder such as `go-mod`. */
  path: string;
  /** On disk; what is linked from several places counts where it is met first. */
  bytes: number;
  /** Not the newest of its product, or only needed while something is built. */
  isSpare: boolean;
}

/** What would go but for somebody who works with it. */
export interface KeptEntry extends CacheEntry {
  /** Who does, in words. */
  why: string;
}

/** Workplaces that hold a folder for each who works there. */
const SHARED: readonly string[] = [COMPILED, DOWNLOADS, SCRATCH];
const WORK: readonly string[] = WORKPLACES;

/** What the lab's cache holds, by path. */
export async function cacheEntries(root: string): Promise<CacheEntry[]> {
  const entries = await unsizedEntries(root);
  const sizes = await diskUse(entries.map(({ path }) => join(root, path)));
  return entries.map((entry, n) => ({ ...entry, bytes: sizes[n] ?? 0 }));
}

type Unsized = Omit<CacheEntry, 'bytes'>;

async function unsizedEntries(root: string): Promise<Unsized[]> {
  const groups = (await foldersIn(root)).map(async (name) => {
    if (!WORK.includes(name)) return products(root, name);
    if (!SHARED.includes(name)) return [workplace(name)];
    return (await foldersIn(join(root, name))).map((each) => workplace(join(name, each)));
  });
  return (await Promise.all(groups)).flat().sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** But for what the cache notes of itself. */
async function foldersIn(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return [];
  const folders = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).filter((name) => ![USERS, CONTENTS].includes(name));
}

function workplace(path: string): Unsized {
  return { path, isSpare: true };
}

async function products(root: string, folder: string): Promise<Unsized[]> {
  const looks = (await readdir(join(root, folder))).map(async (name) => {
    const found = await stat(join(root, folder, name)).catch(() => undefined);
    return found === undefined ? [] : [{ path: join(folder, name), ctimeMs: found.ctimeMs }];
  });
  const builds = (await Promise.all(looks)).flat();
  const newest = Math.max(...builds.map(({ ctimeMs }) => ctimeMs));
  return builds.map(({ ctimeMs, path }) => ({ path, isSpare: ctimeMs < newest }));
}

/** What vanishes meanwhile has no size: somebody may be building. */
async function diskUse(paths: readonly string[]): Promise<number[]> {
  if (paths.length === 0) return [];
  const script = 'du --summarize --block-size=1 -- "$@" 2>/dev/null || :';
  const listing = await runCommand({ command: 'sh', args: ['-c', script, 'sh', ...paths] });
  const sizes = new Map(listing.split('\n').map((line) => [line.replace(/^\d+\t/, ''), Number.parseInt(line, 10)]));
  // du does not name what it has counted already.
  return paths.map((path) => sizes.get(path) ?? 0);
}

/** In words for a person; undefined while the cache is below its limit. */
export async function overLimit(root: string, limit = CACHE_LIMIT): Promise<string | undefined> {
  const bytes = totalOf(await cacheEntries(root));
  if (bytes <= limit) return undefined;
  return `the cache ${root} is larger than ${limit / 1e9} GB: \`npm run -s lab -- cache prune\` removes what nobody needs`;
}

export function totalOf(entries: readonly CacheEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

export interface PruneOptions {
  root: string;
  /** Everything, and not only what is spare. */
  all?: boolean;
  /** Run directories of labs. Default: those of this machine. */
  labs?: string;
}

/** Removes what is spare, or with `all` everything, but for what somebody works with. */
export async function pruneCache(options: PruneOptions): Promise<{ removed: CacheEntry[]; kept: KeptEntry[] }> {
  const { root, all = false, labs } = options;
  const sizes = new Map((await cacheEntries(root)).map(({ path, bytes }) => [path, bytes]));
  const removed: CacheEntry[] = [];
  const kept: KeptEntry[] = [];
  const doomed = await inCache(root, undefined, async () => {
    const wanted = (await unsizedEntries(root)).filter(({ isSpare }) => all || isSpare);
    const users = await cacheUsers(root, labs);
    const building = await productsBeingBuilt(root);
    for (const unsized of wanted) {
      const entry = { ...unsized, bytes: sizes.get(unsized.path) ?? 0 };
      const why = whyKept(entry.path, users, building);
      if (why === undefined) removed.push(entry);
      else kept.push({ ...entry, why });
    }
    return setAside(
      root,
      removed.map(({ path }) => path),
    );
  });
  await removeAside(doomed);
  return { removed, kept };
}

/** A product has its folder before it is built. */
async function productsBeingBuilt(root: string): Promise<string[]> {
  const names = (await foldersIn(root)).filter((name) => !WORK.includes(name));
  const locked = await Promise.all(names.map((name) => isLocked(buildLock(root, name))));
  return names.filter((_, n) => locked[n]);
}

function whyKept(path: string, users: ReadonlyMap<string, string>, building: readonly string[]): string | undefined {
  const user = users.get(path);
  if (user !== undefined) return `in use by ${user}`;
  const [folder = ''] = path.split('/');
  const workers = WORK.includes(folder)
    ? building.filter((product) => worksIn(product, path))
    : building.filter((product) => product === folder);
  return workers.length === 0
    ? undefined
    : `${workers.join(' and ')} ${workers.length === 1 ? 'is' : 'are'} being built`;
}

/** Of what is built each product has a folder of its own, named so; the rest is everybody's. */
function worksIn(product: string, path: string): boolean {
  const name = basename(path);
  if (path.startsWith(`${SCRATCH}/`)) return name.replace(/-[^-]*$/, '') === product;
  return path.startsWith(`${DOWNLOADS}/`) ? name === product : true;
}

/** Removes such a folder unless another process works there. */
export async function dropWorkplace(root: string, path: string): Promise<void> {
  const doomed = await inCache(root, undefined, async () => {
    const isThere = existsSync(join(root, path));
    return isThere && !(await cacheUsers(root)).has(path) ? setAside(root, [path]) : undefined;
  });
  await removeAside(doomed);
}

/** Others wait until it is gone, but not until gigabytes are removed. @returns the directory to remove */
async function setAside(root: string, paths: readonly string[]): Promise<string | undefined> {
  if (paths.length === 0) return undefined;
  await mkdir(join(root, SCRATCH), { recursive: true });
  const aside = await mkdtemp(join(root, SCRATCH, 'dropped-'));
  for (const [n, path] of paths.entries()) {
    const directory = join(root, path);
    await rename(directory, join(aside, String(n)));
    await rm(contentsFile({ root, directory }), { force: true });
  }
  return aside;
}

async function removeAside(directory: string | undefined): Promise<void> {
  // A killed chroot may have left mounts behind: never cross into another file system.
  if (directory !== undefined) await runCommand({ command: 'rm', args: ['-rf', '--one-file-system', directory] });
}
