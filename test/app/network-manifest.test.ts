import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type NetworkManifestOptions, networkManifest } from '../../src/app/network-manifest.js';
import { DisklessError } from '../../src/errors.js';
import { rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { files, serve, stallAfter, status, testSettings } from '../artifacts/http-fixtures.js';
import { freePort } from '../helpers/free-port.js';

const YAML = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cni}\n';

function read(manifest: string, options: Partial<NetworkManifestOptions> = {}) {
  const { signal } = new AbortController();
  return networkManifest({ network: { mode: 'manifest', manifest }, signal, settings: testSettings(), ...options });
}

describe('a CNI manifest', () => {
  it('of a URL, however long', async () => {
    const comment = `# ${'x'.repeat(1022)}\n`.repeat(2048);
    const { url } = await serve(files({ '/cni.yaml': YAML + comment }));
    expect(await read(`${url}cni.yaml`)).toMatchObject([{ kind: 'ConfigMap', metadata: { name: 'cni' } }]);
  });

  it('of a path', async () => {
    const path = join(temporaryDirectory(), 'cni.yaml');
    writeFileSync(path, YAML);
    expect(await read(path)).toMatchObject([{ kind: 'ConfigMap' }]);
    const error = await rejection(read(`${path}.gone`));
    expect(error).toMatchObject({ exit: 2, message: expect.stringContaining('ENOENT') });
  });

  it('is none of the other modes', async () => {
    expect(await read('/nowhere', { network: { mode: 'routed', manifest: '/nowhere' } })).toEqual([]);
  });

  it('that the server does not have', async () => {
    const { url } = await serve(status(404));
    expect(await rejection(read(`${url}cni.yaml`))).toMatchObject({
      code: 'manifest-unreadable',
      exit: 2,
      message: expect.stringContaining('answers 404 Not Found'),
    });
  });

  it('of a server that is not there: the reason of the system', async () => {
    const url = `http://127.0.0.1:${await freePort()}/cni.yaml`;
    const error = await rejection(read(url));
    expect(error).toMatchObject({ code: 'manifest-unreadable', message: expect.stringContaining(url) });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('that does not come to an end', async () => {
    const { url } = await serve(stallAfter(Buffer.from(YAML), 5));
    const error = await rejection(read(`${url}cni.yaml`, { timeoutMs: 200 }));
    expect(error.message).toContain('cannot be read: not finished within 0.2 s');
  });

  it('is given up with the run', async () => {
    const interrupted = new DisklessError({ code: 'interrupted', exit: 130, message: 'interrupted' });
    const controller = new AbortController();
    const { url } = await serve(() => controller.abort(interrupted));
    expect(await rejection(read(`${url}cni.yaml`, { signal: controller.signal }))).toBe(interrupted);
  });
});
