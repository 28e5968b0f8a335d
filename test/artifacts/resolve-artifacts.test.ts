import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cache } from '../../src/artifacts/cache.js';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { resolveArtifacts } from '../../src/artifacts/resolve-artifacts.js';
import type { Role } from '../../src/config/spec.js';
import { BINARIES, fakeBinary, PLUGINS, sha256, VERSIONS, writeWithChecksum } from '../helpers/release-directory.js';
import { artifactsDirectory, progressLog, rejection, temporaryCache } from './fixtures.js';

const BIN = `kubernetes/v${VERSIONS.kubernetes}/bin/linux`;
const BOTH: Role[] = ['control-plane', 'worker'];

async function scene(directory = artifactsDirectory()) {
  const cache: Cache = await temporaryCache();
  const log = progressLog();
  const resolve = (options: { roles?: Role[]; arch?: 'amd64' | 'arm64'; signal?: AbortSignal } = {}) => {
    const { roles = BOTH, arch = 'amd64', signal } = options;
    const source = directorySource({ directory, cache });
    return resolveArtifacts({ versions: VERSIONS, arch, roles: new Set(roles), source, cache, signal, ...log });
  };
  return { directory, cache, resolve, log };
}

describe('resolveArtifacts', () => {
  it('finds everything a control plane and a worker need', async () => {
    const { resolve } = await scene();
    const files = await resolve();
    expect([...files.keys()].sort()).toEqual([...BINARIES, ...PLUGINS, 'etcd'].sort());
    for (const { path, sha256: digest, size } of files.values()) {
      expect({ digest: sha256(readFileSync(path)), size: readFileSync(path).length }).toEqual({ digest, size });
    }
    expect(files.get('etcd')?.sha256).toBe(sha256(fakeBinary('etcd')));
  });

  it('asks for less where there are only workers', async () => {
    const { directory, resolve } = await scene();
    rmSync(join(directory, 'etcd'), { recursive: true });
    rmSync(join(directory, BIN, 'amd64/kube-apiserver'));
    expect([...(await resolve({ roles: ['worker'] })).keys()].sort()).toEqual(
      ['kubelet', 'kube-proxy', ...PLUGINS].sort(),
    );
  });

  it('reads nothing again the second time', async () => {
    const { resolve, directory, cache } = await scene();
    const first = await resolve();
    const log = progressLog();
    const source = directorySource({ directory, cache });
    const roles = new Set(BOTH);
    expect(await resolveArtifacts({ versions: VERSIONS, arch: 'amd64', roles, source, cache, ...log })).toEqual(first);
    expect(log.seen()).toEqual([]);
  });

  it('reports all that is missing at once', async () => {
    const { directory, resolve } = await scene();
    rmSync(join(directory, BIN, 'amd64/kubelet'));
    rmSync(join(directory, 'cni'), { recursive: true });
    const error = await rejection(resolve());
    expect(error).toMatchObject({ code: 'artifact-missing', exit: 2 });
    expect(error.message).toBe(`2 artifacts for linux/amd64 cannot be used from the directory ${directory}`);
    expect(error.detail).toContain('kubelet of Kubernetes 1.37.2 for linux/amd64 is not in');
    expect(error.detail).toContain('CNI plugins 1.10.0 for linux/amd64 is not in');
  });

  it('reports different troubles at once', async () => {
    const { directory, resolve } = await scene();
    rmSync(join(directory, BIN, 'amd64/kubelet.sha256'));
    writeFileSync(join(directory, BIN, 'amd64/kube-proxy'), 'damaged');
    const error = await rejection(resolve());
    expect(error).toMatchObject({ code: 'artifacts-unusable', exit: 2 });
    expect(error.detail).toContain('kubelet has no SHA-256 beside it');
    expect(error.detail).toContain('kube-proxy is damaged: expected SHA-256');
  });

  it('does not take another architecture for the one asked for', async () => {
    const { resolve } = await scene(artifactsDirectory({ arch: 'arm64' }));
    expect((await rejection(resolve())).code).toBe('artifact-missing');
    expect((await resolve({ arch: 'arm64' })).size).toBe(BINARIES.length + PLUGINS.length + 1);
  });

  it('notices binaries that lie in the folder of another architecture', async () => {
    const directory = artifactsDirectory();
    cpSync(join(directory, BIN, 'amd64'), join(directory, BIN, 'arm64'), { recursive: true });
    const { resolve } = await scene(directory);
    const error = await rejection(resolve({ arch: 'arm64', roles: ['worker'] }));
    expect(error.detail).toContain('kubelet (kubelet of Kubernetes 1.37.2 for linux/arm64) was built for amd64');
  });

  it('notices plugins of another architecture inside an archive', async () => {
    const directory = artifactsDirectory();
    const folder = join(directory, `cni/v${VERSIONS.cni}`);
    const arm = join(artifactsDirectory({ arch: 'arm64' }), `cni/v${VERSIONS.cni}`);
    const name = (arch: string) => `cni-plugins-linux-${arch}-v${VERSIONS.cni}.tgz`;
    writeWithChecksum(join(folder, name('amd64')), readFileSync(join(arm, name('arm64'))));
    const error = await rejection((await scene(directory)).resolve());
    expect(error).toMatchObject({ code: 'artifact-architecture', exit: 2 });
  });

  it('works from a folder that was moved', async () => {
    const { directory, resolve, cache } = await scene();
    const before = await resolve();
    renameSync(directory, `${directory}-moved`);
    const source = directorySource({ directory: `${directory}-moved`, cache });
    const options = { versions: VERSIONS, arch: 'amd64' as const, roles: new Set(BOTH), source, cache };
    const after = await resolveArtifacts({ ...options, ...progressLog() });
    rmSync(`${directory}-moved`, { recursive: true });
    expect([...after].map(([, file]) => file.sha256)).toEqual([...before].map(([, file]) => file.sha256));
  });

  it('stops with the reason it is given', async () => {
    const { resolve } = await scene();
    await expect(resolve({ signal: AbortSignal.abort('interrupted') })).rejects.toBe('interrupted');
  });
});
