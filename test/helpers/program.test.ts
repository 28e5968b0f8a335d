import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureProgram } from './program.js';

let root: string;
/** Times of files are set: those of two writes may be the same. */
let clock = 1_700_000_000;
const write = (path: string, text: string): void => {
  writeFileSync(join(root, path), text);
  touch(path);
};
const touch = (path: string): void => utimesSync(join(root, path), clock, clock++);
const builds = (): string => readFileSync(join(root, 'builds'), 'utf8');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'program-'));
  for (const folder of ['src/config', 'dist']) mkdirSync(join(root, folder), { recursive: true });
  write('package.json', JSON.stringify({ scripts: { build: 'echo built >>builds && cat src/cli.ts >dist/cli.js' } }));
  for (const path of ['package-lock.json']) write(path, '{}');
  for (const path of ['src/cli.ts', 'src/config/load.ts']) write(path, path);
  for (const folder of ['src/config', 'src']) touch(folder);
});
afterEach(() => rmSync(root, { recursive: true }));

it('is built where there is none, and then only after a change', async () => {
  await ensureProgram(root);
  await ensureProgram(root);
  expect(builds()).toBe('built\n');
  expect(readFileSync(join(root, 'dist/cli.js'), 'utf8')).toBe('src/cli.ts');
});

it.each(['src/config/load.ts', 'src/config', 'package-lock.json'])(
  'is built anew when %s has changed since',
  async (path) => {
    write('dist/cli.js', 'old');
    await ensureProgram(root);
    expect(readFileSync(join(root, 'dist/cli.js'), 'utf8')).toBe('old');
    touch(path);
    await ensureProgram(root);
    expect(readFileSync(join(root, 'dist/cli.js'), 'utf8')).toBe('src/cli.ts');
  },
);

it('is built once for all who need it at the same time', async () => {
  await Promise.all([ensureProgram(root), ensureProgram(root), ensureProgram(root)]);
  expect(builds()).toBe('built\n');
});
