import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourceTree } from './tree.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tree-'));
  git('init', '--quiet');
  commit('a.txt', 'one');
});
afterEach(() => rmSync(directory, { recursive: true }));

function git(...args: string[]): void {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgSign=false'];
  execFileSync('git', [...who, ...args], { cwd: directory });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}

function commit(path: string, text: string): void {
  write(path, text);
  git('add', '--all');
  git('commit', '--quiet', '--message', path);
}

const now = () => sourceTree(directory).current();

it('is another after each change that is committed, and the old one when it is back', () => {
  const before = now();
  commit('a.txt', 'two');
  const after = now();
  expect(after.tree).not.toBe(before.tree);
  expect(after.commit).not.toBe(before.commit);
  commit('a.txt', 'one');
  expect(now().tree).toBe(before.tree);
});

it('is none while something is not committed', () => {
  write('a.txt', 'changed');
  expect(now().tree).toBeNull();
  git('checkout', '--quiet', '.');
  expect(now().tree).not.toBeNull();
  write('new.txt', '');
  expect(now().tree).toBeNull();
});

it('does not change by records of results, committed or not', () => {
  const { tree } = now();
  write('lab/records/long.json', '{}');
  expect(now().tree).toBe(tree);
  commit('lab/records/long.json', '{ }');
  expect(now().tree).toBe(tree);
});

it('knows which commit follows which, and which is none', () => {
  const { current, commitOf, isAtOrAfter } = sourceTree(directory);
  const first = current().commit;
  commit('a.txt', 'two');
  const second = current().commit;
  expect([isAtOrAfter(second, first), isAtOrAfter(first, first), isAtOrAfter(first, second)]).toEqual([
    true,
    true,
    false,
  ]);
  expect(isAtOrAfter('0'.repeat(40), first)).toBe(false);
  expect(commitOf('HEAD')).toBe(second);
  for (const name of ['no-such', '--all', '']) {
    expect(() => commitOf(name)).toThrow(expect.objectContaining({ exit: 2 }));
  }
});
