import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { kubernetesBinary } from '../../src/artifacts/catalogue.js';
import { placeCopy } from '../../src/artifacts/copy-into.js';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { keepingSource } from '../../src/artifacts/keeping-source.js';
import { sha256, VERSIONS } from '../helpers/release-directory.js';
import { artifactsDirectory, progressLog, rejection, temporaryCache, temporaryDirectory } from './fixtures.js';

vi.mock('node:fs/promises', { spy: true });

/** The next copy gets this far. */
function fullDisk(code: string): void {
  vi.mocked(copyFile).mockImplementationOnce(async (_, to) => {
    await writeFile(to, 'half');
    throw Object.assign(new Error(`${code}: no space left on device, copyfile`), { code });
  });
}

describe('placeCopy', () => {
  it('leaves what was there until all of the copy is', async () => {
    const folder = temporaryDirectory();
    const [from, path] = [join(folder, 'from'), join(folder, 'to')];
    writeFileSync(from, 'new');
    writeFileSync(path, 'old');
    const copy = { from: { path: from, sha256: sha256('new'), size: 3 }, path, mode: 0o644 };
    fullDisk('ENOSPC');
    await expect(placeCopy(copy)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['old', ['from', 'to']]);
    await placeCopy(copy);
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['new', ['from', 'to']]);
  });
});

it.each(['ENOSPC', 'EDQUOT', 'EROFS'])(
  'keepingSource says that it cannot write (%s), and goes on when it can',
  async (code) => {
    const cache = await temporaryCache();
    const directory = temporaryDirectory();
    const file = kubernetesBinary({ name: 'kubelet', version: VERSIONS.kubernetes, arch: 'amd64' });
    const source = keepingSource({ directory, source: directorySource({ directory: artifactsDirectory(), cache }) });
    fullDisk(code);
    const error = await rejection(source.obtain(file, progressLog()));
    expect(error).toMatchObject({ code: 'artifacts-unwritable', exit: 4, detail: expect.stringContaining('no space') });
    expect(error.message).toBe(`cannot write to the directory ${directory}`);
    const left = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /kubelet$|\.tmp$/.test(name))).toEqual([]);
    const { path } = await source.obtain(file, progressLog());
    expect(path).toBe(join(directory, file.paths[0]));
  },
);
