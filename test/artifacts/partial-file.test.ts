import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimPartialFile, releasePartialFile } from '../../src/artifacts/partial-file.js';
import { identify } from '../../src/state/process-identity.js';
import { identityTag } from '../../src/state/process-tag.js';
import { sha256 } from '../helpers/release-directory.js';
import { temporaryCache } from './fixtures.js';

const KEY = sha256('the file');
const own = await identify(process.pid);
/** Above every pid Linux gives out (PID_MAX_LIMIT). */
const DEAD_PID = 4_194_305;
const nameFor = (owner: typeof own): string => `${KEY}.${identityTag(owner)}.part`;
const DEAD = nameFor({ ...own, pid: DEAD_PID });
const OTHER_HOST = nameFor({ ...own, pid: DEAD_PID, boot: 'beef', host: 'elsewhere' });
const OTHER_CONTAINER = nameFor({ ...own, pid: DEAD_PID, namespace: '1' });
const LIVING = nameFor(await identify(process.ppid));
const MINE = nameFor(own);

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
    ['one of our own', MINE],
    ['one of a dead process that had our pid', nameFor({ ...own, start: 'before' })],
  ])('are taken over: %s', async (_, name) => {
    const { cache, left } = await scene(name);
    const path = await claimPartialFile(cache, KEY);
    expect(readFileSync(path, 'utf8')).toBe(name);
    expect(left()).toEqual([MINE]);
  });

  it.each([
    ['of a living process', LIVING],
    ['of another host', OTHER_HOST],
    ['of another container', OTHER_CONTAINER],
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
