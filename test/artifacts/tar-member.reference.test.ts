import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extractMembers } from '../../src/artifacts/archive-members.js';
import { END_OF_ARCHIVE, tarMember } from '../../src/artifacts/tar-member.js';
import { sha256 } from '../helpers/release-directory.js';
import { temporaryCache, temporaryDirectory } from './fixtures.js';

const deep = `${'directory-with-a-long-name/'.repeat(5)}${'file'.repeat(24)}`;
const MEMBERS = [
  { name: 'a'.repeat(64), mode: 0o644, content: Buffer.from('binary content') },
  { name: 'empty', mode: 0o600, content: Buffer.alloc(0) },
  { name: 'exactly-one-block', mode: 0o755, content: Buffer.alloc(512, 'x') },
  { name: 'one-block-and-a-byte', mode: 0o755, content: Buffer.alloc(513, 'y') },
  { name: 'n'.repeat(100), mode: 0o400, content: Buffer.from('longest name without a prefix') },
  { name: deep, mode: 0o644, content: Buffer.from('name split into prefix and name') },
  { name: 'größe.txt', mode: 0o644, content: Buffer.from('two bytes for a letter') },
];

const archive = Buffer.concat([...MEMBERS.map((member) => tarMember(member, member.content)), END_OF_ARCHIVE]);
const UTC = { env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C' } };

describe('tar members', () => {
  it('are listed by GNU tar as they were meant', async () => {
    const listing = execFileSync('tar', ['-tv', '--full-time', '--quoting-style=escape'], { ...UTC, input: archive });
    await expect(listing.toString()).toMatchFileSnapshot('../golden/artifacts/tar-listing.txt');
  });

  it('are extracted by GNU tar byte for byte', () => {
    const folder = temporaryDirectory();
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
    for (const { name, content } of MEMBERS) expect(readFileSync(join(folder, name))).toEqual(content);
  });
});

it('an archive of GNU tar is read', async () => {
  const folder = temporaryDirectory();
  for (const { name, content } of MEMBERS.slice(0, 2)) writeFileSync(join(folder, name), content);
  const path = join(temporaryDirectory(), 'archive.tgz');
  execFileSync('tar', ['-C', folder, '-czf', path, '.']);
  const data = readFileSync(path);
  const archive = { path, sha256: sha256(data), size: data.length };
  const found = await extractMembers({ archive, members: ['empty'], cache: await temporaryCache() });
  expect(found.get('empty')?.size).toBe(0);
});
