import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { END_OF_ARCHIVE, tarHeader, tarMember, tarPadding } from '../../src/artifacts/tar-member.js';
import { temporaryDirectory } from './fixtures.js';

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

  it('fill whole blocks whatever the size', () => {
    for (const size of [0, 1, 511, 512, 513, 1023, 1024]) {
      expect(tarMember({ name: 'f', mode: 0o644 }, Buffer.alloc(size)).length % 512).toBe(0);
      expect(tarPadding(size).length).toBeLessThan(512);
    }
  });

  it('give the largest size USTAR can hold, and refuse the next', () => {
    expect(tarHeader({ name: 'f', mode: 0o644, size: 8 ** 11 - 1 }).toString('latin1', 124, 136)).toBe('77777777777\0');
    expect(() => tarHeader({ name: 'f', mode: 0o644, size: 8 ** 11 })).toThrow(RangeError);
    expect(() => tarHeader({ name: 'f', mode: 0o644, size: -1 })).toThrow(RangeError);
  });

  it.each([
    ['an empty name', ''],
    ['an absolute name', '/etc/passwd'],
    ['a NUL byte', 'a\0b'],
    ['101 bytes without a slash', 'n'.repeat(101)],
    ['a prefix of more than 155 bytes', `${'p'.repeat(156)}/${'n'.repeat(10)}`],
    ['nothing after the slash', `${'p'.repeat(110)}/`],
  ])('refuse %s', (_, name) => {
    expect(() => tarHeader({ name, mode: 0o644, size: 0 })).toThrow(RangeError);
  });
});
