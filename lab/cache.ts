import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DOWNLOADS, labCacheRoot } from './build/lab-cache.js';
import { runCommand } from './build/run-command.js';

/** Something that the cache holds: a finished product, or what is only needed to build others. */
export interface CacheEntry {
  /** Below the cache, `PRODUCT/VERSION_KEY` or a folder such as `go-mod`. */
  path: string;
  /** On disk; what is linked from several places counts where it is met first. */
  bytes: number;
  /** Not the newest of its product, or only needed while something is built. */
  isSpare: boolean;
}

/** Folders that hold no products: caches of Go, and what an interrupted build has left. */
const WORKPLACES = new Set([DOWNLOADS, 'go-build', 'go-mod', 'go-test', 'tmp']);

/** What the lab's cache holds, by path. */
export async function cacheEntries(root = labCacheRoot()): Promise<CacheEntry[]> {
  if (!existsSync(root)) return [];
  const folders = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const groups = await Promise.all(
    folders.map(async ({ name }) => (WORKPLACES.has(name) ? [workplace(name)] : await products(root, name))),
  );
  const entries = groups.flat();
  const sizes = await diskUse(entries.map(({ path }) => join(root, path)));
  return entries.map((entry, n) => ({ ...entry, bytes: sizes[n] ?? 0 })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

type Unsized = Omit<CacheEntry, 'bytes'>;

function workplace(path: string): Unsized {
  return { path, isSpare: true };
}

async function products(root: string, folder: string): Promise<Unsized[]> {
  const builds = await Promise.all(
    (await readdir(join(root, folder))).map(async (name) => {
      return { path: join(folder, name), ctimeMs: (await stat(join(root, folder, name))).ctimeMs };
    }),
  );
  const newest = Math.max(...builds.map(({ ctimeMs }) => ctimeMs));
  return builds.map(({ ctimeMs, path }) => ({ path, isSpare: ctimeMs < newest }));
}

async function diskUse(paths: readonly string[]): Promise<number[]> {
  if (paths.length === 0) return [];
  const listing = await runCommand({ command: 'du', args: ['--summarize', '--block-size=1', '--', ...paths] });
  const sizes = new Map(listing.split('\n').map((line) => [line.replace(/^\d+\t/, ''), Number.parseInt(line, 10)]));
  // du does not name what it has counted already.
  return paths.map((path) => sizes.get(path) ?? 0);
}

/** Removes what is spare, or with `all` everything; says what went. */
export async function pruneCache({ all = false, root = labCacheRoot() }: { all?: boolean; root?: string }) {
  const removed = (await cacheEntries(root)).filter(({ isSpare }) => all || isSpare);
  for (const { path } of removed) await rm(join(root, path), { recursive: true, force: true });
  return removed;
}

export function addCacheCommands(program: Command, say: (line: string) => void): void {
  const cache = program
    .command('cache')
    .description('what the lab has built, and where: a folder outside the repository');
  cache
    .command('list', { isDefault: true })
    .description('products with their sizes')
    .action(async () => {
      const entries = await cacheEntries();
      for (const entry of entries)
        console.log(`${megabytes(entry.bytes)}  ${entry.path}${entry.isSpare ? '  (spare)' : ''}`);
      console.log(`${megabytes(entries.reduce((sum, { bytes }) => sum + bytes, 0))}  in ${labCacheRoot()}`);
    });
  cache
    .command('prune')
    .description('remove old builds, downloaded modules and remains of builds; not while something is being built')
    .option('--all', 'everything: the next use builds anew')
    .action(async ({ all = false }: { all?: boolean }) => {
      const removed = await pruneCache({ all });
      for (const { path, bytes } of removed) say(`removed ${path} (${megabytes(bytes).trim()})`);
      if (removed.length === 0) say('nothing to remove');
    });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`.padStart(9);
}
