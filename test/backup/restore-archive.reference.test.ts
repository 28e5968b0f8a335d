import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { localContent } from '../../src/artifacts/local-content.js';
import { type RestoreArchive, type RestoreArchiveOptions, restoreArchive } from '../../src/backup/restore-archive.js';
import { databasePath, prepareStore, snapshotStore } from '../../src/backup/snapshot-store.js';
import type { Encoding } from '../../src/delivery/segment.js';
import { TEMPORARY_FILE } from '../../src/state/atomic-write.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { artifactsDirectory, rejection, temporaryCache, temporaryDirectory } from '../artifacts/fixtures.js';
import { fixture } from '../etcd-file/fixture.js';
import { fakeBinary, type ReleaseOptions, sha256, VERSIONS, writeReleases } from '../helpers/release-directory.js';
import { sampleSnapshot } from './samples.js';

/* What a node does with it: programs of its own unpack it. */

const { signal } = new AbortController();
const DATABASE = fixture('snapshot-3.7');
const SNAPSHOT = sampleSnapshot({ etcd: VERSIONS.etcd, sizeBytes: DATABASE.length });

async function scene(options: ReleaseOptions = {}) {
  const releases = artifactsDirectory(options);
  if (options.withEtcdutl !== false) writeReleases(releases, { arch: 'arm64' });
  const cache = await temporaryCache();
  const source = directorySource({ directory: releases, cache });
  const common = { cache, env: process.env, progress: () => undefined };
  const content = await localContent({ ...common, versions: VERSIONS, source });
  const store = snapshotStore(stateDirAt(temporaryDirectory()));
  await prepareStore(store);
  writeFileSync(databasePath(store, SNAPSHOT.id), DATABASE);
  const directory = temporaryDirectory();
  const make = (changes: Partial<RestoreArchiveOptions> = {}): Promise<RestoreArchive> =>
    restoreArchive({
      ...{ store, snapshot: SNAPSHOT, content, arch: 'amd64', encoding: 'gzip', directory, env: process.env, signal },
      ...changes,
    });
  return { store, directory, make };
}

const readAll = (archive: RestoreArchive): Promise<Buffer> => buffer(Readable.from(archive.read()));

function unpacked(archive: Buffer, encoding: Encoding): Record<string, Buffer> {
  const folder = temporaryDirectory();
  const script = `set -o pipefail; ${encoding} -dc | tar -x -C "$0" --no-same-owner`;
  execFileSync('bash', ['-c', script, folder], { input: archive });
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

describe.each<[Encoding, 'amd64' | 'arm64']>([
  ['zstd', 'amd64'],
  ['zstd', 'arm64'],
  ['gzip', 'amd64'],
  ['gzip', 'arm64'],
])('as %s for %s', (encoding, arch) => {
  it('unpacks to the tool of that architecture and the snapshot as it is stored, once for each node', async () => {
    const { make } = await scene();
    const archive = await make({ encoding, arch });
    const tool = fakeBinary('etcdutl', arch);
    expect([archive.tool, archive.snapshot]).toEqual([sha256(tool), sha256(DATABASE)]);
    const [one, other] = await Promise.all([readAll(archive), readAll(archive)]);
    expect(one.equals(other)).toBe(true);
    const plain = execFileSync(encoding, ['-dc'], { input: one, maxBuffer: 2 ** 28 });
    // Without its end an archive that breaks off between two files would be as good.
    expect(plain.subarray(-1024).equals(Buffer.alloc(1024))).toBe(true);
    const files = unpacked(one, encoding);
    expect(Object.keys(files).toSorted()).toEqual([archive.tool, archive.snapshot].toSorted());
    expect(files[archive.tool]?.equals(tool)).toBe(true);
    expect(files[archive.snapshot]?.equals(DATABASE)).toBe(true);
  });
});

it('is read from one file, of a name that is swept after a kill, and that goes with it', async () => {
  const { directory, make } = await scene();
  const archive = await make();
  const [name = '', ...others] = readdirSync(directory);
  expect([TEMPORARY_FILE.test(name), others]).toEqual([true, []]);
  expect(statSync(join(directory, name)).size).toBeLessThan(DATABASE.length);
  await archive.remove();
  expect(readdirSync(directory)).toEqual([]);
  await archive.remove();
});

it('may be made for two architectures at once, each of a file of its own', async () => {
  const { directory, make } = await scene();
  const [one, other] = await Promise.all([make(), make({ arch: 'arm64' })]);
  await one.remove();
  expect(readdirSync(directory)).toHaveLength(1);
  expect(Object.keys(unpacked(await readAll(other), 'gzip'))).toContain(other.snapshot);
});

it('is not made where the release has no such tool, or the snapshot is another than its size says', async () => {
  const without = await scene({ withEtcdutl: false });
  expect((await rejection(without.make())).code).toBe('archive-member-missing');
  expect(readdirSync(without.directory)).toEqual([]);
  const { make, store, directory } = await scene();
  writeFileSync(databasePath(store, SNAPSHOT.id), DATABASE.subarray(0, -512));
  expect((await rejection(make())).code).toBe('artifact-changed');
  // What was made of it until then holds secrets.
  expect(readdirSync(directory)).toEqual([]);
});
