import { randomBytes } from 'node:crypto';
import { list } from 'tar';
import { expect, it } from 'vitest';
import { filesOf, NoArchive } from '../../src/sealed/tar-read.js';
import { type TarFile, tarOf } from '../../src/sealed/tar-write.js';
import { all, inParts } from './bytes.js';

const CONTENTS: Record<string, Buffer> = {
  'a.json': randomBytes(3),
  empty: Buffer.alloc(0),
  'b.db': randomBytes(70_000),
};
const files = (): TarFile[] =>
  Object.entries(CONTENTS).map(([name, bytes]) => ({ name, sizeBytes: bytes.length, content: inParts(bytes) }));
const archive = () => all(tarOf(files(), new Date(0)));

it('comes back as it was, in parts of any size; what nobody takes is passed over', async () => {
  const bytes = await archive();
  for (const size of [1, 511, 512, 100_000]) {
    const found: Record<string, Buffer> = {};
    for await (const { name, content } of filesOf(inParts(bytes, size))) found[name] = await all(content);
    expect(found).toEqual(CONTENTS);
  }
  const names: string[] = [];
  for await (const { name } of filesOf(inParts(bytes))) names.push(name);
  expect(names).toEqual(Object.keys(CONTENTS));
});

it('is read by any tar', async () => {
  const seen: unknown[] = [];
  const parser = list({ onReadEntry: ({ path, size, mode }) => void seen.push([path, size, mode]) });
  parser.end(await archive());
  expect(seen).toEqual(Object.entries(CONTENTS).map(([name, { length }]) => [name, length, 0o600]));
});

it.each([
  ['nothing', 0],
  ['a header', 100],
  ['a file', 20_000],
  ['all but its end', -600],
])('cut after %s it is none', async (_what, at) => {
  const bytes = (await archive()).subarray(0, at);
  await expect(all(contents(bytes))).rejects.toThrow(NoArchive);
});

it('something else is none', async () => {
  await expect(all(contents(randomBytes(5000)))).rejects.toThrow(NoArchive);
});

it('a file that grew meanwhile breaks it off', async () => {
  const grown = { name: 'a', sizeBytes: 2, content: inParts(Buffer.from('abc')) };
  await expect(all(tarOf([grown], new Date(0)))).rejects.toThrow('3 bytes');
});

async function* contents(bytes: Uint8Array) {
  for await (const { content } of filesOf(inParts(bytes))) yield* content;
}
