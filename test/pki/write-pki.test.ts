import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writePki } from '../../src/pki/write-pki.js';
import { temporaryPki } from './fixture.js';

const AUTHORITY = [
  { file: 'ca/etcd.key', text: 'key', mode: 0o600 },
  { file: 'ca/etcd.crt', text: 'certificate', mode: 0o644 },
];

describe('writePki', () => {
  it('touches nothing when there is nothing to write', async () => {
    const directory = await temporaryPki();
    await writePki({ directory, foundation: [], pairs: [] });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('puts all authorities in place at once, and clears what a power cut left of an earlier attempt', async () => {
    const directory = await temporaryPki();
    const leftover = join(directory, '.ca-new-abc123');
    await mkdir(leftover, { recursive: true });
    await writeFile(join(leftover, 'kubernetes.key'), 'half');
    await writePki({ directory, foundation: AUTHORITY, pairs: [] });
    await expect(readdir(directory)).resolves.toEqual(['ca']);
    await expect(readdir(join(directory, 'ca'))).resolves.toEqual(['etcd.crt', 'etcd.key']);
  });

  it('never adds to authorities that are there', async () => {
    const directory = await temporaryPki();
    await writePki({ directory, foundation: AUTHORITY, pairs: [] });
    await expect(writePki({ directory, foundation: AUTHORITY, pairs: [] })).rejects.toMatchObject({
      code: 'pki-not-writable',
      message: expect.stringContaining('ENOTEMPTY'),
    });
  });

  it('says where it could not write, as bad input', async () => {
    const directory = await temporaryPki();
    await writeFile(directory, '');
    await expect(writePki({ directory, foundation: AUTHORITY, pairs: [] })).rejects.toMatchObject({
      code: 'pki-not-writable',
      exit: 2,
      message: expect.stringContaining(directory),
    });
  });
});
