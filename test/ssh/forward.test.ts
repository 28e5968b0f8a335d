import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestPki } from '../helpers/test-pki.js';
import { dial, failure, sshd } from './harness.js';

describe('forward', () => {
  const http = createServer((request, response) => response.end(`you asked for ${request.url}`));
  afterEach(() => {
    http.closeAllConnections();
    http.close();
  });

  async function listen(): Promise<number> {
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return (http.address() as AddressInfo).port;
  }

  it('carries a TCP connection', async () => {
    const port = await listen();
    const connection = await dial(await sshd());
    const stream = await connection.forward('127.0.0.1', port);
    stream.write('GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await text(stream)).toContain('you asked for /x');
  });

  it('carries TLS, request after request on one connection', async () => {
    const { ca, key, cert } = await (await createTestPki()).issue('api', 'api');
    const server = createTlsServer({ key, cert }, (request, response) => {
      response.end(`${request.url} ${'x'.repeat(300_000)}`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');

    const connection = await dial(await sshd());
    const socket = await connection.forward('127.0.0.1', (server.address() as AddressInfo).port);
    const tls = connectTls({ socket, ca, servername: 'api' });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => tls;
    for (const path of ['/one', '/two', '/three']) {
      const [response] = await once(get({ path, host: 'api', agent }), 'response');
      expect((await text(response)).length).toBe(path.length + 1 + 300_000);
    }
    const closed = once(socket, 'close');
    agent.destroy();
    await closed;
    server.close();
  });

  it('is lost with the connection', async () => {
    const port = await listen();
    const server = await sshd();
    const connection = await dial(server);
    const stream = await connection.forward('127.0.0.1', port);
    const reading = failure(text(stream));
    server.dropAll();
    expect(await reading).toMatchObject({ code: 'connection-lost' });
  });

  it('tells a port that cannot be reached', async () => {
    const connection = await dial(await sshd({ forward: 'fail' }));
    expect(await failure(connection.forward('10.9.9.9', 6443))).toMatchObject({
      code: 'forward-failed',
      host: 's4',
      message: 's4 cannot reach 10.9.9.9:6443',
    });
  });

  it('tells a server that does not forward', async () => {
    const connection = await dial(await sshd({ forward: 'prohibited' }));
    expect(await failure(connection.forward('10.9.9.9', 6443))).toMatchObject({
      code: 'forward-prohibited',
      hint: expect.stringContaining('AllowTcpForwarding'),
    });
  });
});
