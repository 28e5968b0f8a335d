import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from 'tar';
import { describe, expect, it } from 'vitest';
import { extractMembers } from '../../src/artifacts/archive-members.js';
import { blobPath, type Cache } from '../../src/artifacts/cache.js';
import { sha256, tarGz } from '../helpers/release-directory.js';
import { rejection, temporaryCache, temporaryDirectory } from './fixtures.js';

/** Bytes that gzip cannot make smaller, so that half the archive is half the file. */
const NOISE = Buffer.concat(Array.from({ length: 60_000 }, (_, index) => Buffer.from(sha256(`${index}`), 'hex')));
const FILES = {
  bridge: NOISE,
  'lib/loopback': Buffer.from('loopback'),
  empty: Buffer.alloc(0),
  other: Buffer.from('x'),
};

function archiveFile(data: Buffer): { path: string; sha256: string; size: number } {
  const path = join(temporaryDirectory(), 'archive.tgz');
  writeFileSync(path, data);
  return { path, sha256: sha256(data), size: data.length };
}

const leftovers = (cache: Cache) => readdirSync(join(cache.root, 'parts'));

describe('extractMembers', () => {
  it('stores just the wanted members by content', async () => {
    const cache = await temporaryCache();
    const members = ['bridge', 'lib/loopback', 'empty'] as const;
    const found = await extractMembers({ archive: archiveFile(tarGz(FILES)), members, cache });
    for (const name of members) {
      expect(found.get(name)).toEqual({
        path: blobPath(cache, sha256(FILES[name])),
        sha256: sha256(FILES[name]),
        size: FILES[name].length,
      });
      expect(readFileSync(blobPath(cache, sha256(FILES[name]))).equals(FILES[name])).toBe(true);
    }
    expect(readdirSync(join(cache.root, 'blobs'))).toHaveLength(members.length);
  });

  it('does not open the archive again, unless a blob is gone or another member is wanted', async () => {
    const cache = await temporaryCache();
    const archive = archiveFile(tarGz(FILES));
    const extract = (...members: string[]) => extractMembers({ archive, members, cache });
    const first = await extract('bridge');
    writeFileSync(archive.path, 'no longer an archive');
    expect(await extract('bridge')).toEqual(first);
    expect((await rejection(extract('bridge', 'other'))).code).toBe('archive-unreadable');
    writeFileSync(blobPath(cache, sha256(NOISE)), 'damaged');
    expect((await rejection(extract('bridge'))).code).toBe('archive-unreadable');
  });

  it('names the members an archive lacks', async () => {
    const cache = await temporaryCache();
    const extracted = extractMembers({ archive: archiveFile(tarGz(FILES)), members: ['other', 'portmap'], cache });
    const error = await rejection(extracted);
    expect(error.code).toBe('archive-member-missing');
    expect(error.message).toMatch(/does not contain portmap$/);
  });

  it('takes no link for a file', async () => {
    const cache = await temporaryCache();
    const folder = temporaryDirectory();
    symlinkSync('/etc/passwd', join(folder, 'bridge'));
    create({ cwd: folder, file: join(folder, 'archive.tgz'), sync: true, gzip: true }, ['bridge']);
    const archive = archiveFile(readFileSync(join(folder, 'archive.tgz')));
    expect((await rejection(extractMembers({ archive, members: ['bridge'], cache }))).code).toBe(
      'archive-member-missing',
    );
  });

  it.each([
    ['broke off', (data: Buffer) => data.subarray(0, data.length >> 1)],
    ['is no gzip', () => Buffer.from('plain text')],
    ['is empty', () => Buffer.alloc(0)],
    ['has a damaged byte', (data: Buffer) => Buffer.from(data).fill(0x55, data.length >> 1, (data.length >> 1) + 64)],
  ])('reports an archive that %s, and leaves nothing half-done', async (_, damage) => {
    const cache = await temporaryCache();
    const archive = archiveFile(damage(tarGz(FILES)));
    expect((await rejection(extractMembers({ archive, members: ['bridge'], cache }))).code).toBe('archive-unreadable');
    expect(leftovers(cache)).toEqual([]);
  });

  it('stops with the reason it is given', async () => {
    const cache = await temporaryCache();
    const archive = archiveFile(tarGz(FILES));
    const abort = new AbortController();
    const extracted = extractMembers({ archive, members: ['bridge'], cache, signal: abort.signal });
    abort.abort('interrupted');
    await expect(extracted).rejects.toBe('interrupted');
    expect(leftovers(cache)).toEqual([]);
  });
});
