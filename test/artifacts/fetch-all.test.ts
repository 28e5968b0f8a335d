import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { fetchAll } from '../../src/artifacts/fetch-all.js';
import { httpSource } from '../../src/artifacts/http-source.js';
import { keepingSource } from '../../src/artifacts/keeping-source.js';
import { resolveArtifacts } from '../../src/artifacts/resolve-artifacts.js';
import { BINARIES, PLUGINS, VERSIONS, writeReleases, writeWithChecksum } from '../helpers/release-directory.js';
import { artifactsDirectory, progressLog, rejection, temporaryCache, temporaryDirectory } from './fixtures.js';
import { directoryListing, serve, testSettings } from './http-fixtures.js';

const BIN = `kubernetes/v${VERSIONS.kubernetes}/bin`;

function addIperf3(origin: string): void {
  for (const name of ['iperf3_x64', 'iperf3_aarch64']) {
    const path = join(origin, 'iperf3', name);
    writeWithChecksum(path, Buffer.from(name));
    cpSync(`${path}.sha256`, join(origin, 'iperf3', name === 'iperf3_x64' ? 'SHA256SUMS' : 'iperf3-checksums.sha256'));
  }
}

/** A mirror, and a directory filled from it. */
async function scene(origin = artifactsDirectory()) {
  const { url: mirror, requests } = await serve(directoryListing(origin));
  const cache = await temporaryCache();
  const directory = join(temporaryDirectory(), 'releases');
  const source = keepingSource({ directory, source: httpSource({ mirror, cache, settings: testSettings() }) });
  const fetch = (options: { archs?: ('amd64' | 'arm64')[]; platform?: { os: string; arch: string } } = {}) => {
    const { archs = ['amd64'], platform = { os: 'linux', arch: 'x64' } } = options;
    return fetchAll({ versions: VERSIONS, archs, platform, source, cache, ...progressLog() });
  };
  return { origin, directory, fetch, requests };
}

describe('fetchAll', () => {
  it('brings all that up needs from --artifacts, by a cache that knows nothing', async () => {
    const origin = artifactsDirectory();
    addIperf3(origin);
    const { directory, fetch } = await scene(origin);
    const { files, leftOut } = await fetch();
    expect(leftOut).toEqual([]);
    expect(files).toHaveLength(BINARIES.length + 'etcd cni kubectl iperf3'.split(' ').length);
    const cache = await temporaryCache();
    const source = directorySource({ directory, cache });
    const roles = new Set(['control-plane', 'worker'] as const);
    const resolved = await resolveArtifacts({
      versions: VERSIONS,
      arch: 'amd64',
      roles,
      source,
      cache,
      ...progressLog(),
    });
    expect([...resolved.keys()].sort()).toEqual([...BINARIES, ...PLUGINS, 'etcd'].sort());
  });

  it('asks for each file once, and for nothing the second time', async () => {
    const { fetch, requests } = await scene();
    const first = await fetch();
    const programs = requests.filter((request) => !/(sha256|SHA256SUMS)$/.test(request) && !request.includes('iperf3'));
    expect(new Set(programs).size).toBe(programs.length);
    expect(programs).toHaveLength(first.files.length);
    const asked = requests.length;
    expect((await fetch()).files).toEqual(first.files);
    expect(requests.slice(asked).filter((request) => !request.includes('iperf3'))).toEqual([]);
  });

  it('brings those of several architectures, and the kubectl of this machine', async () => {
    const origin = artifactsDirectory();
    writeReleases(origin, { arch: 'arm64' });
    cpSync(join(origin, BIN, 'linux/arm64/kubectl'), join(origin, BIN, 'darwin/arm64/kubectl'));
    cpSync(join(origin, BIN, 'linux/arm64/kubectl.sha256'), join(origin, BIN, 'darwin/arm64/kubectl.sha256'));
    const { fetch } = await scene(origin);
    const { files } = await fetch({ archs: ['amd64', 'arm64'], platform: { os: 'darwin', arch: 'arm64' } });
    const titles = files.map(({ title }) => title);
    expect(titles.filter((title) => title.startsWith('kubelet'))).toHaveLength(2);
    expect(titles.filter((title) => title.startsWith('kubectl'))).toEqual([
      `kubectl of Kubernetes ${VERSIONS.kubernetes} for darwin/arm64`,
    ]);
  });

  it('leaves out what up does without, and says what for it is needed', async () => {
    const origin = artifactsDirectory({ withEtcdutl: false });
    rmSync(join(origin, BIN, 'linux/amd64/kubectl'));
    rmSync(join(origin, BIN, 'linux/amd64/kubectl.sha256'));
    const { fetch } = await scene(origin);
    const { files, leftOut } = await fetch();
    expect(files).toHaveLength(BINARIES.length + 'etcd cni'.split(' ').length);
    expect(leftOut.map(({ reason, neededFor }) => `${reason}: ${neededFor}`)).toEqual([
      expect.stringMatching(/^kubectl of .*kubectl` on this machine$/),
      expect.stringMatching(/^iperf3 for linux\/amd64 .*bench`$/),
      expect.stringMatching(/etcdutl: .*restoring its snapshots$/),
    ]);
  });

  it('ends with all that up could not do without', async () => {
    const { origin, fetch } = await scene();
    rmSync(join(origin, BIN, 'linux/amd64/kubelet.sha256'));
    rmSync(join(origin, 'cni'), { recursive: true });
    const error = await rejection(fetch());
    expect(error).toMatchObject({ code: 'artifact-missing', exit: 2 });
    expect(error.detail).toContain(`kubelet of Kubernetes ${VERSIONS.kubernetes}`);
    expect(error.detail).toContain(`CNI plugins ${VERSIONS.cni}`);
  });
});
