import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimPartialFile, releasePartialFile } from '../../src/artifacts/partial-file.js';
import { sha256 } from '../helpers/release-directory.js';
import { temporaryCache } from './fixtures.js';

const KEY = sha256('the file');
/** Above every pid Linux gives out (PID_MAX_LIMIT). */
const DEAD = `${KEY}.4194305@${hostname()}.part`;
const OTHER_HOST = `${KEY}.4194305@elsewhere.part`;
const LIVING = `${KEY}.${process.ppid}@${hostname()}.part`;
const MINE = `${KEY}.${process.pid}@${hostname()}.part`;

async function scene(...names: string[]) {
  const cache = await temporaryCache();
  const folder = join(cache.root, 'parts');
  for (const name of names) writeFileSync(join(folder, name), name);
  return { cache, folder, left: () => readdirSync(folder).sort() };
}

describe('partial files', () => {
  it.each([
    ['one that was released', `${KEY}.part`],
    ['one of a dead process', DEAD],
    ['one under our own pid', MINE],
  ])('are taken over: %s', async (_, name) => {
    const { cache, left } = await scene(name);
    const path = await claimPartialFile(cache, KEY);
    expect(readFileSync(path, 'utf8')).toBe(name);
    expect(left()).toEqual([MINE]);
  });

  it.each([
    ['of a living process', LIVING],
    ['of another host', OTHER_HOST],
    ['of another file', `${sha256('another file')}.part`],
  ])('are left alone: one %s', async (_, name) => {
    const { cache, left } = await scene(name);
    const path = await claimPartialFile(cache, KEY);
    expect(() => readFileSync(path)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(left()).toEqual([name]);
  });

  it('keep only one of several', async () => {
    const { cache, left } = await scene(DEAD, `${KEY}.part`, LIVING);
    await claimPartialFile(cache, KEY);
    expect(left()).toEqual([LIVING, MINE].sort());
  });

  it('can be claimed again after their release', async () => {
    const { cache, left } = await scene();
    writeFileSync(await claimPartialFile(cache, KEY), 'half');
    await releasePartialFile(cache, KEY);
    expect(left()).toEqual([`${KEY}.part`]);
    expect(readFileSync(await claimPartialFile(cache, KEY), 'utf8')).toBe('half');
  });

  it('need not exist to be released', async () => {
    const { cache, left } = await scene();
    await claimPartialFile(cache, KEY);
    await releasePartialFile(cache, KEY);
    expect(left()).toEqual([]);
  });
});
