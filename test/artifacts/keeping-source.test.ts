import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { etcdArchive, iperf3Program, kubernetesBinary, type ReleaseFile } from '../../src/artifacts/catalogue.js';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { httpSource } from '../../src/artifacts/http-source.js';
import { keepingSource } from '../../src/artifacts/keeping-source.js';
import type { ArtifactSource } from '../../src/artifacts/source.js';
import { identify } from '../../src/state/process-identity.js';
import { identityTag } from '../../src/state/process-tag.js';
import { fakeBinary, sha256, VERSIONS, writeReleases, writeWithChecksum } from '../helpers/release-directory.js';
import {
  artifactsDirectory,
  overwrite,
  progressLog,
  rejection,
  temporaryCache,
  temporaryDirectory,
} from './fixtures.js';
import { cutAfter, directoryListing, files, inTurn, type Reply, serve, status, testSettings } from './http-fixtures.js';

const KUBELET = kubernetesBinary({ name: 'kubelet', version: VERSIONS.kubernetes, arch: 'amd64' });
const etcdOf = (arch: string): ReleaseFile => etcdArchive({ version: VERSIONS.etcd, arch });

/** A directory that is filled from a mirror. */
async function scene(reply: Reply = directoryListing(artifactsDirectory())) {
  const { url: mirror, requests } = await serve(reply);
  const cache = await temporaryCache();
  const directory = join(temporaryDirectory(), 'releases');
  const log = progressLog();
  const source = keepingSource({ directory, source: httpSource({ mirror, cache, settings: testSettings() }) });
  return {
    cache,
    directory,
    requests,
    seen: log.seen,
    path: join(directory, KUBELET.paths[0]),
    obtain: (file: ReleaseFile = KUBELET) => source.obtain(file, log),
    read: (file: ReleaseFile = KUBELET) => directorySource({ directory, cache }).obtain(file, progressLog()),
  };
}

/** Everything in a folder, also what is hidden. */
const contents = (path: string): string[] => readdirSync(dirname(path)).toSorted();

describe('keepingSource', () => {
  it('fills a directory that --artifacts reads', async () => {
    const { obtain, read, path } = await scene();
    const kept = await obtain();
    expect(kept).toMatchObject({ path, fileName: 'kubelet' });
    expect(await read()).toEqual(kept);
    expect(contents(path)).toEqual(['kubelet', 'kubelet.sha256']);
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  it('keeps the checksums of several files in one list, as upstream does', async () => {
    const origin = artifactsDirectory();
    writeReleases(origin, { arch: 'arm64' });
    const { obtain, read, directory } = await scene(directoryListing(origin));
    const archives = [etcdOf('amd64'), etcdOf('arm64')];
    const kept = await Promise.all(archives.map(obtain));
    expect(await Promise.all(archives.map(read))).toEqual(kept);
    const names = archives.map(({ paths }) => basename(paths[0]));
    expect(contents(join(directory, etcdOf('amd64').paths[0]))).toEqual(['SHA256SUMS', ...names].toSorted());
  });

  it('asks nobody for what is whole, and reads it through', async () => {
    const { obtain, requests, seen } = await scene();
    const first = await obtain();
    const asked = requests.length;
    expect(await obtain()).toEqual(first);
    expect(requests).toHaveLength(asked);
    expect(seen()).toEqual(['download kubelet', 'verify kubelet']);
  });

  it.each<[string, (path: string) => void]>([
    ['a damaged file', (path) => overwrite(path, 'damaged')],
    // As bits that fall over on a disk: nothing but reading tells.
    ['a file damaged under its old date', (path) => writeOver(path)],
    ['a wrong checksum', (path) => overwrite(`${path}.sha256`, sha256('other'))],
  ])('puts %s right', async (_, damage) => {
    const { obtain, read, path } = await scene();
    const first = await obtain();
    damage(path);
    expect(await obtain()).toEqual(first);
    expect(sha256(readFileSync(path))).toBe(first.sha256);
    expect((await read()).sha256).toBe(first.sha256);
  });

  it('puts a line of a list right and leaves the others', async () => {
    const { obtain, read, directory } = await scene();
    const first = await obtain(etcdOf('amd64'));
    const list = join(dirname(join(directory, etcdOf('amd64').paths[0])), 'SHA256SUMS');
    const other = `${sha256('other')}  etcd-v${VERSIONS.etcd}-linux-arm64.tar.gz`;
    overwrite(list, `${other}\n${sha256('wrong')}  ${first.fileName}\n`);
    await obtain(etcdOf('amd64'));
    expect(readFileSync(list, 'utf8')).toBe(`${other}\n${first.sha256}  ${first.fileName}\n`);
    expect((await read(etcdOf('amd64'))).sha256).toBe(first.sha256);
  });

  it('keeps a file under the name that its source has it by', async () => {
    const origin = temporaryDirectory();
    writeWithChecksum(join(origin, 'iperf3/iperf3_x64.tar.gz'), Buffer.from('archive'));
    const listed = readFileSync(join(origin, 'iperf3/iperf3_x64.tar.gz.sha256'));
    writeFileSync(join(origin, 'iperf3/SHA256SUMS'), listed);
    const { obtain, read, directory } = await scene(directoryListing(origin));
    const file = iperf3Program({ arch: 'amd64' });
    expect((await obtain(file)).path).toBe(join(directory, 'iperf3/iperf3_x64.tar.gz'));
    expect((await read(file)).sha256).toBe(sha256('archive'));
  });

  it('leaves nothing of a file that is not what its checksum says', async () => {
    const path = `/${KUBELET.paths[0]}`;
    const { obtain, directory } = await scene(files({ [path]: 'kubelet', [`${path}.sha256`]: sha256('other') }));
    expect((await rejection(obtain())).code).toBe('artifact-corrupt');
    expect(existsSync(directory)).toBe(false);
  });

  it('continues a download that broke off, in this run and in the next', async () => {
    // Some of what was sent last before a cut is never read: less than this.
    const data = fakeBinary('kubelet', 'amd64', 3_000_000);
    const checksum = files({ [`/${KUBELET.paths[0]}.sha256`]: sha256(data) });
    const cut = cutAfter(data, 1_500_000);
    const broken = inTurn(checksum, cut, cut, cut, checksum);
    const rest = files({ [`/${KUBELET.paths[0]}`]: data });
    let turn = 0;
    const { obtain, requests, path } = await scene((request, response) =>
      (turn++ < 5 ? broken : rest)(request, response),
    );
    expect((await rejection(obtain())).code).toBe('download-failed');
    expect(existsSync(path)).toBe(false);
    expect((await obtain()).sha256).toBe(sha256(data));
    expect(requests.at(-1)).toMatch(/bytes=[1-9]\d*-$/);
  });

  it('leaves a version that does not exist to its source to tell', async () => {
    const { obtain, directory } = await scene(status(404));
    expect(await rejection(obtain())).toMatchObject({ code: 'artifact-missing', exit: 2 });
    expect(existsSync(directory)).toBe(false);
  });

  it('says where it cannot write, and puts nothing there', async () => {
    const { obtain, directory } = await scene();
    mkdirSync(dirname(directory), { recursive: true });
    writeFileSync(directory, 'a file');
    const error = await rejection(obtain());
    expect(error).toMatchObject({ code: 'artifacts-unwritable', exit: 4 });
    expect(error.message).toContain(directory);
  });

  it('removes what a killed process left, and nothing of a living one', async () => {
    const { obtain, path } = await scene();
    mkdirSync(dirname(path), { recursive: true });
    const own = await identify(process.pid);
    const leftOf = (start: string): string => `.kubelet.${identityTag({ ...own, start })}.tmp`;
    const foreign = `.kubelet.${identityTag({ ...own, boot: 'beef', host: 'elsewhere' })}.tmp`;
    for (const name of [leftOf('before'), foreign]) writeFileSync(join(dirname(path), name), 'half');
    await obtain();
    expect(contents(path)).toEqual([foreign, 'kubelet', 'kubelet.sha256']);
  });

  it('notices when the copy is not what was read', async () => {
    const directory = temporaryDirectory();
    const lying: ArtifactSource = {
      title: 'a source',
      obtain: async () => ({ path: import.meta.filename, size: 3, sha256: sha256('other'), fileName: 'kubelet' }),
    };
    const source = keepingSource({ directory, source: lying });
    expect((await rejection(source.obtain(KUBELET, { progress: vi.fn() }))).code).toBe('copy-damaged');
    expect(contents(join(directory, KUBELET.paths[0]))).toEqual(['kubelet.sha256']);
  });
});

/** Changes the middle of a file and nothing that `stat` tells. */
function writeOver(path: string): void {
  const { atimeMs, mtimeMs } = statSync(path);
  const data = readFileSync(path);
  data[1000] = 255 - (data[1000] ?? 0);
  writeFileSync(path, data);
  utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
}
