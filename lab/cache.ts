import type { Command } from 'commander';
import { cacheEntries, pruneCache, totalOf } from './build/cache-contents.js';
import { CACHE_LIMIT, labCacheRoot } from './build/lab-cache.js';

export function addCacheCommands(program: Command, say: (line: string) => void): void {
  const cache = program
    .command('cache')
    .description('what the lab has built, and where: a folder outside the repository');
  cache
    .command('list', { isDefault: true })
    .description('products with their sizes')
    .action(async () => {
      const root = labCacheRoot();
      const entries = await cacheEntries(root);
      for (const entry of entries)
        console.log(`${megabytes(entry.bytes)}  ${entry.path}${entry.isSpare ? '  (spare)' : ''}`);
      console.log(`${megabytes(totalOf(entries))}  in ${root}, which is to stay below ${CACHE_LIMIT / 1e6} MB`);
    });
  cache
    .command('prune')
    .description('remove old builds, downloaded modules and remains of builds, but for what somebody works with')
    .option('--all', 'everything: the next use builds anew')
    .action(async ({ all = false }: { all?: boolean }) => {
      const { removed, kept } = await pruneCache({ root: labCacheRoot(), all });
      for (const { path, bytes } of removed) say(`removed ${path} (${megabytes(bytes).trim()})`);
      for (const { path, bytes, why } of kept) say(`kept ${path} (${megabytes(bytes).trim()}): ${why}`);
      if (removed.length === 0) say('nothing to remove');
    });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`.padStart(9);
}
