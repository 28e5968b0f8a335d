import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCache } from '../../src/artifacts/cache.js';
import { etcdArchive, kubernetesBinary } from '../../src/artifacts/catalogue.js';
import { httpSource } from '../../src/artifacts/http-source.js';
import { sha256, VERSIONS } from '../helpers/release-directory.js';
import { artifactsDirectory, progressLog, rejection, temporaryCache } from './fixtures.js';
import { directoryListing, files, type Reply, serve, status, testSettings } from './http-fixtures.js';

const KUBELET = kubernetesBinary({ name: 'kubelet', version: VERSIONS.kubernetes, arch: 'amd64' });
const ETCD = etcdArchive({ version: VERSIONS.etcd, arch: 'amd64' });
const BINARY = Buffer.from('kubelet binary');

async function mirrorOf(reply: Reply, options: { path?: string; file?: typeof KUBELET } = {}) {
  const server = await serve(reply);
  const cache = await temporaryCache();
  const mirror = server.url + (options.path ?? '');
  const { progress, seen } = progressLog();
  const open = (settings = testSettings()) => httpSource({ mirror, cache, settings });
  const obtain = () => open().obtain(options.file ?? KUBELET, { progress });
  return { server, cache, obtain, seen, open };
}

describe('httpSource', () => {
  it.each([
    ['a binary', KUBELET],
    ['an archive', ETCD],
  ])('brings %s and its checksum from a mirror below a path', async (_, file) => {
    const directory = artifactsDirectory();
    const { obtain, seen, server } = await mirrorOf(directoryListing(directory, '/pub/k8s'), { path: 'pub/k8s', file });
    const data = readFileSync(join(directory, file.paths[0]));
    expect(await obtain()).toMatchObject({ size: data.length, sha256: sha256(data) });
    expect(seen()).toEqual([`download ${file.paths[0].split('/').at(-1)}`]);
    expect(server.requests).toHaveLength(2);
  });

  it('needs no network the second time, not even for the checksum', async () => {
    const { obtain, server } = await mirrorOf(directoryListing(artifactsDirectory()));
    const first = await obtain();
    const asked = server.requests.length;
    expect(await obtain()).toEqual(first);
    expect(server.requests).toHaveLength(asked);
  });

  it('takes a mirror that is a copy of the upstream server', async () => {
    const path = '/v1.37.2/bin/linux/amd64/kubelet';
    const { obtain } = await mirrorOf(files({ [path]: BINARY, [`${path}.sha256`]: sha256(BINARY) }));
    expect((await obtain()).sha256).toBe(sha256(BINARY));
  });

  it('asks again for a checksum that matched nothing', async () => {
    const path = `/${KUBELET.paths[0]}`;
    let checksum = sha256('a checksum of something else');
    const { obtain } = await mirrorOf((request, response) =>
      files({ [path]: BINARY, [`${path}.sha256`]: checksum })(request, response),
    );
    const error = await rejection(obtain());
    expect(error).toMatchObject({ code: 'artifact-corrupt', exit: 4 });
    expect(error.message).toContain(`expected SHA-256 ${checksum}, found ${sha256(BINARY)}`);
    checksum = sha256(BINARY);
    expect((await obtain()).size).toBe(BINARY.length);
  });

  it('says where it looked when a version is not there', async () => {
    const { obtain, server } = await mirrorOf(files({}));
    const error = await rejection(obtain());
    expect(error).toMatchObject({ code: 'artifact-missing', exit: 2 });
    for (const path of KUBELET.paths) expect(error.detail).toContain(`looked for ${server.url}${path}.sha256`);
  });

  it('does not use a file without a checksum', async () => {
    const { obtain, server } = await mirrorOf(files({ [`/${KUBELET.paths[0]}`]: BINARY }));
    expect((await rejection(obtain())).code).toBe('artifact-missing');
    expect(server.requests).not.toContain(`GET /${KUBELET.paths[0]}`);
  });

  it('reports a failing server after its retries', async () => {
    const { obtain, server } = await mirrorOf(status(500));
    const error = await rejection(obtain());
    expect(error).toMatchObject({ code: 'download-failed', exit: 4 });
    expect(error.detail).toContain('answers 500 Internal Server Error');
    expect(server.requests).toHaveLength(3);
  });

  it('reports a server that is not there', async () => {
    const settings = testSettings();
    const source = httpSource({ mirror: 'http://127.0.0.1:9/', cache: await temporaryCache(), settings });
    const error = await rejection(source.obtain(KUBELET, progressLog()));
    expect(error.code).toBe('download-failed');
    expect(error.detail).toContain('ECONNREFUSED');
    expect(settings.waits).toHaveLength(2);
  });

  it('stops with the reason it is given', async () => {
    const abort = new AbortController();
    const { open } = await mirrorOf(() => abort.abort('interrupted'));
    const obtained = open().obtain(KUBELET, { ...progressLog(), signal: abort.signal });
    await expect(obtained).rejects.toBe('interrupted');
  });

  it('goes upstream without a mirror', async () => {
    const proxy = await serve(status(503));
    const { port } = new URL(proxy.url);
    const settings = testSettings({ env: { HTTPS_PROXY: `http://127.0.0.1:${port}` }, attempts: 1 });
    const source = httpSource({ cache: await temporaryCache(), settings });
    const error = await rejection(source.obtain(KUBELET, progressLog()));
    expect(error.detail).toContain(`from ${KUBELET.upstream}`);
  });

  it.each(['ftp://mirror.lan/', 'mirror.lan/k8s', '/srv/mirror'])('refuses --mirror %s', async (mirror) => {
    const cache = await openCache({ root: join((await temporaryCache()).root, 'other') });
    const attempt = () => httpSource({ mirror, cache, settings: testSettings() });
    expect(attempt).toThrow(expect.objectContaining({ code: 'mirror-invalid', exit: 2 }));
  });
});
