import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TEMPORARY_FILE, writeFileAtomic } from '../../src/state/atomic-write.js';
import { startChild } from './children/child.js';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'atomic-'));
  file = join(directory, 'file');
});
afterEach(() => rm(directory, { recursive: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test('content and mode, new and replaced, whatever the umask', async () => {
  const umask = process.umask(0o077);
  try {
    await writeFileAtomic(file, 'one', 0o644);
    expect([await readFile(file, 'utf8'), await modeOf(file)]).toEqual(['one', 0o644]);
    await writeFileAtomic(file, Buffer.from([0, 255]), 0o600);
    expect([await readFile(file), await modeOf(file)]).toEqual([Buffer.from([0, 255]), 0o600]);
  } finally {
    process.umask(umask);
  }
  expect(await readdir(directory)).toEqual(['file']);
});

test('many writers at once leave one whole content and nothing else', async () => {
  const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(100_000));
  await Promise.all(contents.map((content) => writeFileAtomic(file, content, 0o600)));
  expect(contents).toContain(await readFile(file, 'utf8'));
  expect(await readdir(directory)).toEqual(['file']);
});

test('a failed write leaves the target as it was, and nothing beside it', async () => {
  await mkdir(file);
  await writeFile(join(file, 'inside'), 'kept');
  await expect(writeFileAtomic(file, 'x', 0o600)).rejects.toMatchObject({ code: 'EISDIR' });
  expect(await readFile(join(file, 'inside'), 'utf8')).toBe('kept');
  expect(await readdir(directory)).toEqual(['file']);
  await expect(writeFileAtomic(join(directory, 'missing', 'file'), 'x', 0o600)).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

test('a writer killed at any moment leaves a whole file', { timeout: 120_000 }, async () => {
  const bytes = 2_000_000;
  let interrupted = 0;
  for (let round = 0; round < 6 || (interrupted === 0 && round < 60); round++) {
    const child = startChild(new URL('./children/write-alternately.mjs', import.meta.url), file, String(bytes));
    await child.line();
    // Any moment will do: the wait only spreads the kills over the writer's cycle.
    await delay((round % 6) * 4);
    await child.kill();
    const content = await readFile(file, 'latin1');
    expect(content === 'a'.repeat(bytes) || content === 'b'.repeat(bytes)).toBe(true);
    const left = (await readdir(directory)).filter((name) => name !== 'file');
    expect(left.every((name) => TEMPORARY_FILE.test(name))).toBe(true);
    interrupted += left.length;
    await Promise.all(left.map((name) => rm(join(directory, name))));
  }
  expect(interrupted, 'no kill hit a write: the test proved nothing').toBeGreaterThan(0);
});
