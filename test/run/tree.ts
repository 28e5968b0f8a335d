import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { usageError } from '../../src/errors.js';

/** Results are no sources: to commit them makes none of them stale. */
const RECORDS = 'lab/records/';

export interface Tree {
  commit: string;
  /** Of everything committed but the records; null while something is changed and not committed. */
  tree: string | null;
}

export interface SourceTree {
  current(): Tree;
  /** @throws usage error where it is no commit of this repository */
  commitOf(name: string): string;
  /** Whether a commit is another or follows it; not where this clone does not have it. */
  isAtOrAfter(commit: string, earlier: string): boolean;
}

export function sourceTree(cwd = '.'): SourceTree {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  const list = (...args: string[]): string[] =>
    git(...args)
      .split('\0')
      .filter((entry) => entry !== '');
  return {
    current() {
      const commit = git('rev-parse', 'HEAD').trim();
      const changed = list('status', '--porcelain', '--no-renames', '--untracked-files=all', '-z');
      if (changed.some((entry) => !entry.slice(3).startsWith(RECORDS))) return { commit, tree: null };
      const entries = list('ls-tree', '-r', '-z', 'HEAD').filter(
        (entry) => !entry.slice(entry.indexOf('\t') + 1).startsWith(RECORDS),
      );
      return { commit, tree: createHash('sha256').update(entries.join('\0')).digest('hex').slice(0, 16) };
    },
    commitOf(name) {
      try {
        return git('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`).trim();
      } catch (cause) {
        const message = `--since: ${JSON.stringify(name)} is no commit of this repository`;
        throw usageError({ code: 'test-arguments', message, cause });
      }
    },
    isAtOrAfter(commit, earlier) {
      try {
        git('merge-base', '--is-ancestor', earlier, commit);
        return true;
      } catch {
        return false;
      }
    },
  };
}
