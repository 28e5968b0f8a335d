import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireLayout } from '../../src/artifacts/layout.js';
import { artifactsDirectory, rejection, temporaryDirectory } from './fixtures.js';

/** A directory with these folders in it. */
function directoryOf(...folders: string[]): string {
  const root = temporaryDirectory();
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  return root;
}

describe('requireLayout', () => {
  it.each([
    ['that is empty', () => directoryOf()],
    ['that does not exist', () => join(directoryOf(), 'new/folder')],
    ['with releases in it', () => artifactsDirectory()],
    ['that a run began to fill', () => directoryOf('etcd/v3.6.14')],
    ['that is a copy of the release server', () => directoryOf('v1.36.4/bin/linux')],
    ['with releases and images', () => directoryOf('kubernetes/v1.36.4/bin', 'images', 'iperf3')],
    ['that is a file system of its own', () => directoryOf('lost+found')],
  ])('takes a directory %s', async (_, make) => {
    await expect(requireLayout(make())).resolves.toBeUndefined();
  });

  it.each([
    ['someone’s home', () => directoryOf('Documents', '.ssh'), 'it has .ssh, Documents'],
    ['sources', () => directoryOf('etcd/server', 'kubernetes/cmd'), 'it has etcd/server'],
    ['a name every object has', () => directoryOf('constructor'), 'it has constructor'],
  ])('refuses %s and names what is there', async (_, make, detail) => {
    const directory = make();
    const before = readdirSync(directory);
    const error = await rejection(requireLayout(directory));
    expect(error).toMatchObject({ code: 'artifacts-foreign', exit: 2 });
    expect(error.message).toContain(directory);
    expect(error.detail).toContain(detail);
    expect(readdirSync(directory)).toEqual(before);
  });

  it('refuses a file', async () => {
    const path = join(directoryOf(), 'file');
    writeFileSync(path, '');
    expect(await rejection(requireLayout(path))).toMatchObject({ code: 'artifacts-unreadable', exit: 2 });
  });
});
