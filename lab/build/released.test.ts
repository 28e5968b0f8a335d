import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { resolveArtifacts } from '../../src/artifacts/resolve-artifacts.js';
import { artifactsDirectory, progressLog, temporaryCache, temporaryDirectory } from '../../test/artifacts/fixtures.js';
import { directoryListing, type Reply, serve } from '../../test/artifacts/http-fixtures.js';
import { BINARIES, VERSIONS, writeWithChecksum } from '../../test/helpers/release-directory.js';
import { materialize, type Product } from './product.js';
import { releasedArtifacts } from './released.js';
import { softwareSource } from './software-source.js';

const BIN = `kubernetes/v${VERSIONS.kubernetes}/bin/linux/amd64`;

/** As the lab makes it of Debian's packages. */
const iperf3: Product = {
  name: 'iperf3',
  inputs: async () => [],
  build: async ({ output }) => {
    await writeFile(join(output, 'iperf3_x64.tar.gz'), 'of Debian');
    return { version: '3.18' };
  },
};

/** A lab's cache, and a mirror of release servers that may answer otherwise. */
async function scene(origin = artifactsDirectory()) {
  const whole = directoryListing(origin);
  const instead = new Map<string, Reply>();
  const server = await serve((request, response) => {
    const [, other] = [...instead].find(([end]) => request.url?.endsWith(end)) ?? [];
    (other ?? whole)(request, response);
  });
  const root = temporaryDirectory();
  const lines: string[] = [];
  const make = (mirror = server.url) =>
    materialize(releasedArtifacts({ versions: VERSIONS, mirror, iperf3, env: {} }), {
      root,
      progress: (line) => lines.push(line),
    });
  return { origin, instead, lines, make, root, server };
}

const versionOf = (directory: string): string => directory.replace(/.*\//, '').replace(/_[0-9a-f]{12}$/, '');

it('is a directory that up --artifacts takes everything from, kubectl and iperf3 too', async () => {
  const { make, lines } = await scene();
  const directory = await make();
  expect(versionOf(directory)).toBe('kubernetes-1.37.2_etcd-3.7.3_cni-1.10.0');
  const cache = await temporaryCache();
  const resolved = await resolveArtifacts({
    versions: VERSIONS,
    arch: 'amd64',
    roles: new Set(['control-plane', 'worker'] as const),
    source: directorySource({ directory, cache }),
    cache,
    ...progressLog(),
  });
  expect([...resolved.keys()]).toEqual(expect.arrayContaining(['etcd', 'bridge', ...BINARIES]));
  expect(readdirSync(join(directory, BIN))).toContain('kubectl');
  expect(readFileSync(join(directory, 'iperf3/iperf3_x64.tar.gz'), 'utf8')).toBe('of Debian');
  expect(readdirSync(join(directory, 'iperf3'))).toContain('SHA256SUMS');
  expect(lines).toContain('releases-1.37.2-3.7.3: download kubelet');
});

it('is not asked for again, and leaves no second copy', async () => {
  const { make, root, server } = await scene();
  const first = await make();
  const asked = server.requests.length;
  expect(await make()).toBe(first);
  expect(server.requests).toHaveLength(asked);
  expect(readdirSync(join(root, 'downloads'))).toEqual([]);
});

it('takes the iperf3 that is served', async () => {
  const origin = artifactsDirectory();
  writeWithChecksum(join(origin, 'iperf3/iperf3_x64'), Buffer.from('a static build'));
  const list = readFileSync(join(origin, 'iperf3/iperf3_x64.sha256'));
  await writeFile(join(origin, 'iperf3/SHA256SUMS'), list);
  const { make, root } = await scene(origin);
  expect(readFileSync(join(await make(), 'iperf3/iperf3_x64'), 'utf8')).toBe('a static build');
  expect(readdirSync(root)).not.toContain('iperf3');
});

it('leaves nothing that counts as whole of what is damaged or missing, and goes on where it was', async () => {
  const { instead, make, origin, root, server } = await scene();
  instead.set('/kubelet', (_, response) => void response.end('something else'));
  await expect(make()).rejects.toMatchObject({ code: 'artifact-corrupt' });
  instead.clear();
  rmSync(join(origin, BIN, 'kubectl.sha256'));
  await expect(make()).rejects.toMatchObject({
    code: 'artifact-missing',
    message: expect.stringContaining('kubectl of Kubernetes 1.37.2'),
  });
  expect(readdirSync(join(root, 'releases-1.37.2-3.7.3'))).toEqual([]);
  const apiserver = () => server.requests.filter((request) => request.endsWith('/kube-apiserver'));
  expect(apiserver()).toHaveLength(1);
});

it('is another where another mirror serves it', async () => {
  const origin = artifactsDirectory();
  const [one, other] = [await scene(origin), await serve(directoryListing(origin))];
  expect(await one.make()).not.toBe(await one.make(other.url));
});

const VARIABLES = { K8S_DISKLESS_LAB_FROM: 'releases', K8S_DISKLESS_LAB_MIRROR: 'http://mirror.example/k8s' };

it.each([
  [{}, {}, { from: 'modules' }],
  [{}, { K8S_DISKLESS_LAB_FROM: '' }, { from: 'modules' }],
  [{ from: 'releases' }, {}, { from: 'releases' }],
  [{}, VARIABLES, { from: 'releases', mirror: 'http://mirror.example/k8s/' }],
  [{ mirror: 'http://other.example/' }, VARIABLES, { from: 'releases', mirror: 'http://other.example/' }],
  [{ from: 'modules' }, VARIABLES, { from: 'modules' }],
])('%j with %j takes software from %j', (choice, env, source) => expect(softwareSource(choice, env)).toEqual(source));

it.each([
  [{ from: 'relases' }, {}, 'lab-source-unknown'],
  [{}, { K8S_DISKLESS_LAB_FROM: 'upstream' }, 'lab-source-unknown'],
  [{ mirror: 'http://mirror.example/' }, {}, 'lab-mirror-unused'],
  [{ from: 'modules', mirror: 'http://mirror.example/' }, {}, 'lab-mirror-unused'],
  [{ from: 'releases', mirror: 'mirror.example' }, {}, 'mirror-invalid'],
])('%j with %j is refused: %s', (choice, env, code) => {
  expect(() => softwareSource(choice, env)).toThrow(expect.objectContaining({ code, exit: 2 }));
});
