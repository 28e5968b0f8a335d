import { describe, expect, it } from 'vitest';
import { ARCHITECTURES, artifactsFor, kubernetesBinary } from '../../src/artifacts/catalogue.js';

describe('catalogue', () => {
  it.each([
    { kubernetes: '1.37.2', etcd: '3.7.3', cni: '1.10.0' },
    { kubernetes: '1.36.2', etcd: '3.6.16', cni: '1.9.1' },
  ])('knows where everything for Kubernetes $kubernetes lies', async (versions) => {
    const text = ARCHITECTURES.flatMap((arch) =>
      artifactsFor({ versions, arch, roles: new Set(['control-plane', 'worker']) }).map(({ name, member, release }) =>
        [
          `${name} (${release.title})`,
          ...(member === undefined ? [] : [`  member    ${member}`]),
          ...release.paths.map((path) => `  path      ${path}`),
          ...release.checksums.map((file) => `  checksum  ${file}`),
          `  upstream  ${release.upstream}`,
        ].join('\n'),
      ),
    ).join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot(`../golden/artifacts/catalogue-${versions.kubernetes}.txt`);
  });

  it('gives workers neither etcd nor the control plane', () => {
    const versions = { kubernetes: '1.37.2', etcd: '3.7.3', cni: '1.10.0' };
    const names = artifactsFor({ versions, arch: 'amd64', roles: new Set(['worker']) }).map(({ name }) => name);
    expect(names).toEqual(['kubelet', 'kube-proxy', 'bridge', 'host-local', 'loopback', 'portmap']);
  });

  it('names kubectl for other systems as upstream does', () => {
    const paths = [
      kubernetesBinary({ name: 'kubectl', version: '1.36.2', os: 'darwin', arch: 'arm64' }).upstream,
      kubernetesBinary({ name: 'kubectl', version: '1.36.2', os: 'windows', arch: 'amd64' }).upstream,
    ];
    expect(paths).toEqual([
      'https://dl.k8s.io/release/v1.36.2/bin/darwin/arm64/kubectl',
      'https://dl.k8s.io/release/v1.36.2/bin/windows/amd64/kubectl.exe',
    ]);
  });
});
