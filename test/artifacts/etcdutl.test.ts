import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { etcdutl, pinnedEtcdutl } from '../../src/artifacts/etcdutl.js';
import type { ReleaseCopy } from '../../src/artifacts/source.js';
import { fakeBinary, type ReleaseOptions, sha256, VERSIONS, writeReleases } from '../helpers/release-directory.js';
import { artifactsDirectory, progressLog, rejection, temporaryCache } from './fixtures.js';

const AMD64 = { version: VERSIONS.etcd, arch: 'amd64' } as const;
const ARM64 = { version: VERSIONS.etcd, arch: 'arm64' } as const;

async function scene(options: ReleaseOptions = {}) {
  const directory = artifactsDirectory(options);
  const cache = await temporaryCache();
  const releases = directorySource({ directory, cache });
  const asked: string[] = [];
  const source: typeof releases = {
    ...releases,
    obtain: (file, how): Promise<ReleaseCopy> => {
      asked.push(file.title);
      return releases.obtain(file, how);
    },
  };
  const obtain = (wanted: typeof AMD64 | typeof ARM64 = AMD64) =>
    etcdutl({ source, cache, ...wanted, ...progressLog() });
  return { directory, cache, asked, obtain };
}

it('comes out of the release once, and then from the cache without its source', async () => {
  const { directory, cache, asked, obtain } = await scene();
  expect(await pinnedEtcdutl(cache, AMD64)).toBeUndefined();
  const tool = await obtain();
  expect(tool.sha256).toBe(sha256(fakeBinary('etcdutl')));
  expect(readFileSync(tool.path).equals(fakeBinary('etcdutl'))).toBe(true);
  rmSync(directory, { recursive: true });
  expect(await obtain()).toEqual(tool);
  expect(await pinnedEtcdutl(cache, AMD64)).toEqual(tool);
  expect(asked).toEqual([`etcd ${VERSIONS.etcd} for linux/amd64`]);
});

it('is another one for each architecture and version', async () => {
  const { directory, cache, obtain } = await scene();
  writeReleases(directory, { arch: 'arm64' });
  const [first, second] = [await obtain(AMD64), await obtain(ARM64)];
  expect(second.sha256).toBe(sha256(fakeBinary('etcdutl', 'arm64')));
  expect(await pinnedEtcdutl(cache, AMD64)).toEqual(first);
  expect(await pinnedEtcdutl(cache, { ...AMD64, version: '3.6.16' })).toBeUndefined();
});

it('is fetched again where the cache lost its file', async () => {
  const { cache, asked, obtain } = await scene();
  const tool = await obtain();
  rmSync(tool.path);
  expect(await pinnedEtcdutl(cache, AMD64)).toBeUndefined();
  expect(await obtain()).toEqual(tool);
  expect(asked).toHaveLength(2);
});

it('is not taken from a release without it, or from a damaged one: nothing is pinned', async () => {
  const without = await scene({ withEtcdutl: false });
  const error = await rejection(without.obtain());
  expect(error.code).toBe('archive-member-missing');
  expect(error.message).toContain(`etcd-v${VERSIONS.etcd}-linux-amd64/etcdutl`);
  const damaged = await scene();
  const archive = `etcd/v${VERSIONS.etcd}/etcd-v${VERSIONS.etcd}-linux-amd64.tar.gz`;
  appendFileSync(join(damaged.directory, archive), 'x');
  expect((await rejection(damaged.obtain())).code).toBe('artifact-corrupt');
  for (const { cache } of [without, damaged]) expect(await pinnedEtcdutl(cache, AMD64)).toBeUndefined();
});
