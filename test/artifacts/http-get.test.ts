import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { displayUrl, httpGet, redirectTarget } from '../../src/artifacts/http-get.js';
import { createTestPki } from '../helpers/test-pki.js';
import { temporaryDirectory } from './fixtures.js';
import { files, inTurn, type Reply, serve, status } from './http-fixtures.js';

const settings = { env: {}, idleTimeoutMs: 5_000 };

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('httpGet', () => {
  it('follows redirects, relative and to another server', async () => {
    const store = await serve(files({ '/object': 'content' }));
    const redirecting = inTurn(status(302, { location: '/two' }), status(307, { location: `${store.url}object` }));
    const front = await serve(redirecting);
    const response = await httpGet({ url: new URL('one', front.url), ...settings });
    expect(await text(response)).toBe('content');
    expect(front.requests).toEqual(['GET /one', 'GET /two']);
  });

  it('gives up on a loop', async () => {
    const server = await serve(status(302, { location: '/again' }));
    await expect(httpGet({ url: new URL(server.url), ...settings })).rejects.toThrow(/redirects more than/);
    expect(server.requests).toHaveLength(9);
  });

  it('reports a server that accepts and never answers', async () => {
    const server = await serve(() => undefined);
    const silent = httpGet({ url: new URL(server.url), env: {}, idleTimeoutMs: 50 });
    await expect(silent).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('never leaves TLS, and never prints credentials or signatures', () => {
    const from = new URL('https://user:secret@mirror.example/file?signature=abc');
    expect(redirectTarget(from, '/other').href).toBe('https://user:secret@mirror.example/other');
    expect(redirectTarget(new URL('http://mirror.lan/a'), 'https://cdn.example/b').protocol).toBe('https:');
    expect(() => redirectTarget(from, 'http://cdn.example/b')).toThrow(/not protected by TLS/);
    expect(() => redirectTarget(from, 'file:///etc/passwd')).toThrow(/not protected by TLS/);
    expect(displayUrl(from)).toBe('https://mirror.example/file');
  });

  it('asks an http proxy for http URLs, with its credentials', async () => {
    const reply: Reply = ({ url, headers }, response) =>
      void response.end(JSON.stringify({ url, host: headers.host, auth: headers['proxy-authorization'] }));
    const proxy = await serve(reply);
    const env = { http_proxy: proxy.url.replace('//', '//me:p%40ss@') };
    const response = await httpGet({ url: new URL('http://mirror.test:8080/k8s/file'), env, idleTimeoutMs: 5_000 });
    expect(JSON.parse(await text(response))).toEqual({
      url: 'http://mirror.test:8080/k8s/file',
      host: 'mirror.test:8080',
      auth: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    });
  });
});

describe('https by a proxy', () => {
  it('goes through a CONNECT tunnel and verifies the server behind it', async () => {
    const { ca, key, cert } = await (await createTestPki()).issue('mirror', 'mirror.test');
    const authority = join(temporaryDirectory(), 'ca.pem');
    writeFileSync(authority, ca);
    const mirror = createTlsServer({ key, cert }, (_, response) => response.end('through the tunnel'));
    const mirrorPort = await listening(mirror);
    const tunnels: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, client) => {
      tunnels.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      const upstream = connect(mirrorPort, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
      upstream.pipe(client).pipe(upstream);
      for (const socket of [client, upstream]) socket.on('error', () => client.destroy());
    });
    const proxyUrl = `http://me:secret@127.0.0.1:${await listening(proxy)}`;

    // Node reads extra CAs at its start only.
    const trusting = await fetchInChild('https://mirror.test/file', {
      HTTPS_PROXY: proxyUrl,
      NODE_EXTRA_CA_CERTS: authority,
    });
    expect(trusting).toBe('200 through the tunnel');
    expect(tunnels).toEqual([`mirror.test:443 Basic ${Buffer.from('me:secret').toString('base64')}`]);
    expect(await fetchInChild('https://mirror.test/file', { HTTPS_PROXY: proxyUrl })).toBe(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });

  it('reports a proxy that refuses', async () => {
    const proxy = createServer();
    proxy.on('connect', (_, client) => client.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    const env = { HTTPS_PROXY: `http://me:secret@127.0.0.1:${await listening(proxy)}` };
    const refused = httpGet({ url: new URL('https://mirror.test/file'), env, idleTimeoutMs: 5_000 });
    await expect(refused).rejects.toThrow(/^the proxy 127\.0\.0\.1:\d+ answers 403 to CONNECT mirror\.test:443$/);
  });
});

/** Status and body, or the error's code. */
async function fetchInChild(url: string, env: Record<string, string>): Promise<string> {
  const script = `
    import { text } from 'node:stream/consumers';
    import { httpGet } from ${JSON.stringify(new URL('../../src/artifacts/http-get.ts', import.meta.url).href)};
    httpGet({ url: new URL(${JSON.stringify(url)}), env: process.env, idleTimeoutMs: 5000 }).then(
      async (response) => console.log(response.statusCode, await text(response)),
      (error) => console.log(error.code),
    );`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (await text(child.stdout)).trim();
}
