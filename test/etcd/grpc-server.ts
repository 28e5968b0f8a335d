import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeAll } from 'vitest';
import type { GrpcServer } from '../../src/etcd/grpc.js';
import type { TlsIdentity } from '../../src/http/secure-stream.js';
import { asPlainDuplex } from '../helpers/fake-apiserver.js';
import { createTestPki } from '../helpers/test-pki.js';

/* What etcd does not do on demand: a server that answers a call as it is told, and the wire format for it. */

export const framed = (message: Buffer): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
export const integerField = (field: number, value: number) => Buffer.from([...varint(field * 8), ...varint(value)]);
export const bytesField = (field: number, bytes: Buffer) =>
  Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(bytes.length)]), bytes]);

/** Hooks of a test file; starts one, which is gone after the test. */
export function useGrpcServer(): (answer: (stream: ServerHttp2Stream) => void) => Promise<GrpcServer> {
  let identity: TlsIdentity;
  let server: Http2SecureServer | undefined;
  beforeAll(async () => {
    identity = await (await createTestPki()).issue('etcd');
  });
  afterEach(() => server?.close());
  return async (answer) => {
    const { key, cert, ca } = identity;
    server = createSecureServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true });
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      answer(stream);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const open = async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return asPlainDuplex(socket);
    };
    return { label: 'etcd of s4', host: 's4', open, serverName: '127.0.0.1', identity };
  };
}
