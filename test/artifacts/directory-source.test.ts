import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cniArchive, etcdArchive, kubernetesBinary } from '../../src/artifacts/catalogue.js';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { sha256, VERSIONS } from '../helpers/release-directory.js';
import { artifactsDirectory, overwrite, progressLog, rejection, temporaryCache } from './fixtures.js';

const KUBELET = kubernetesBinary({ name: 'kubelet', version: VERSIONS.kubernetes, arch: 'amd64' });

async function scene() {
  const directory = artifactsDirectory();
  const { progress, seen } = progressLog();
  const source = directorySource({ directory, cache: await temporaryCache() });
  return {
    directory,
    path: join(directory, KUBELET.paths[0]),
    obtain: () => source.obtain(KUBELET, { progress }),
    seen,
  };
}

describe('directorySource', () => {
  it('gives a file where it lies', async () => {
    const { path, obtain } = await scene();
    const data = readFileSync(path);
    expect(await obtain()).toEqual({ path, size: data.length, sha256: sha256(data), fileName: 'kubelet' });
  });

  it('reads a file once, and again when it was written since', async () => {
    const { path, obtain, seen } = await scene();
    await obtain();
    const first = seen();
    await obtain();
    expect(first).toEqual(['verify kubelet']);
    overwrite(path, readFileSync(path).fill('x', 100));
    expect((await rejection(obtain())).code).toBe('artifact-corrupt');
  });

  it.each([etcdArchive, cniArchive])('finds archives by the checksum lists upstream publishes', async (archive) => {
    const directory = artifactsDirectory();
    const file = archive({ version: archive === etcdArchive ? VERSIONS.etcd : VERSIONS.cni, arch: 'amd64' });
    const source = directorySource({ directory, cache: await temporaryCache() });
    const found = await source.obtain(file, progressLog());
    expect(found.sha256).toBe(sha256(readFileSync(join(directory, file.paths[0]))));
  });

  it('takes a copy of the upstream server, which has no kubernetes/', async () => {
    const { directory, obtain } = await scene();
    renameSync(join(directory, 'kubernetes/v1.37.2'), join(directory, 'v1.37.2'));
    expect((await obtain()).path).toBe(join(directory, 'v1.37.2/bin/linux/amd64/kubelet'));
  });

  it('names both digests of a corrupt file', async () => {
    const { path, obtain } = await scene();
    const expected = sha256(readFileSync(path));
    const damaged = readFileSync(path).subarray(0, 1000);
    writeFileSync(path, damaged);
    const error = await rejection(obtain());
    expect(error).toMatchObject({ code: 'artifact-corrupt', exit: 2 });
    expect(error.message).toBe(`${path} is damaged: expected SHA-256 ${expected}, found ${sha256(damaged)}`);
  });

  it('says all places where it looked for a missing file', async () => {
    const { directory, path, obtain } = await scene();
    rmSync(path);
    const error = await rejection(obtain());
    expect(error).toMatchObject({ code: 'artifact-missing', exit: 2 });
    expect(error.detail).toBe(`looked for ${path}\nlooked for ${join(directory, 'v1.37.2/bin/linux/amd64/kubelet')}`);
  });

  it('refuses a file without a checksum, and its advice helps', async () => {
    const { path, obtain } = await scene();
    rmSync(`${path}.sha256`);
    const error = await rejection(obtain());
    expect(error).toMatchObject({ code: 'artifact-checksum-missing', exit: 2 });
    const command = /make one: (.*)$/.exec(error.hint ?? '')?.[1] ?? '';
    const { execSync } = await import('node:child_process');
    execSync(command, { shell: '/bin/sh' });
    expect(existsSync(`${path}.sha256`)).toBe(true);
    expect((await obtain()).path).toBe(path);
  });

  it.each(['', '<html>not found</html>\n', `${'0'.repeat(63)}\n`])('takes %j for no checksum', async (content) => {
    const { path, obtain } = await scene();
    writeFileSync(`${path}.sha256`, content);
    expect((await rejection(obtain())).code).toBe('artifact-checksum-missing');
  });

  it('does not take a directory for a file', async () => {
    const { directory, path, obtain } = await scene();
    rmSync(path);
    renameSync(join(directory, 'cni'), path);
    expect((await rejection(obtain())).code).toBe('artifact-missing');
  });
});
