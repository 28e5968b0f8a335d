import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requireFree, writeOut } from '../../src/sealed/write-out.js';
import { rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { inParts, SOME } from './bytes.js';

it('is private, whole and alone', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'b.age');
  await requireFree({ path, force: false });
  await writeOut(inParts(SOME), { path, force: false });
  expect(readFileSync(path).equals(SOME)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(['b.age']);
});

it('never replaces a file without a word, also one that appeared meanwhile', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'b.age');
  writeFileSync(path, 'theirs');
  const refused = { code: 'out-exists', exit: 2 };
  expect(await rejection(requireFree({ path, force: false }))).toMatchObject(refused);
  expect(await rejection(writeOut(inParts(SOME), { path, force: false }))).toMatchObject(refused);
  expect([readFileSync(path, 'utf8'), readdirSync(directory)]).toEqual(['theirs', ['b.age']]);
  await requireFree({ path, force: true });
  await writeOut(inParts(SOME), { path, force: true });
  expect(readFileSync(path).equals(SOME)).toBe(true);
});

it('leaves nothing, and what was there, when it breaks off', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'b.age');
  writeFileSync(path, 'theirs');
  async function* full() {
    yield SOME;
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
  }
  const error = await rejection(writeOut(full(), { path, force: true }));
  expect(error).toMatchObject({
    code: 'out-not-usable',
    exit: 2,
    message: expect.stringContaining('no space is left'),
  });
  expect([readFileSync(path, 'utf8'), readdirSync(directory)]).toEqual(['theirs', ['b.age']]);
});

it.each([
  ['no directory', (root: string) => join(root, 'none/b.age'), 'out-not-usable'],
  ['a directory', (root: string) => join(root, 'there'), 'out-exists'],
])('%s is refused before anything is done', async (_what, make, code) => {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'there'));
  expect(await rejection(requireFree({ path: make(root), force: true }))).toMatchObject({ code, exit: 2 });
});

it('is seen only when what it says of others is so, and never where that failed', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'b.age');
  const failing = () => Promise.reject(new Error('not so'));
  await expect(writeOut(inParts(SOME), { path, force: false, beforeNamed: failing })).rejects.toThrow('not so');
  expect(readdirSync(directory)).toEqual([]);
  let durable: string[] = [];
  const beforeNamed = async () => {
    durable = readdirSync(directory).map((name) => readFileSync(join(directory, name)).toString('latin1'));
    expect(readdirSync(directory)).not.toContain('b.age');
  };
  await writeOut(inParts(SOME), { path, force: false, beforeNamed });
  expect(durable).toEqual([SOME.toString('latin1')]);
  expect(readdirSync(directory)).toEqual(['b.age']);
});
