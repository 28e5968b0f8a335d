import { once } from 'node:events';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DesiredFile } from '../../src/node/desired.js';
import type { PkiStore } from '../../src/pki/store.js';
import { ONE_CONTROL_PLANE, openStore, specFor, temporaryPki } from './fixture.js';

const PKI = '/etc/kubernetes/pki';

async function realClockStore(): Promise<PkiStore> {
  // node:tls judges by the machine's own clock, which tests cannot set.
  const store = await openStore(await temporaryPki(), { mode: 'memory', now: new Date() });
  await store.ensure({ spec: specFor(ONE_CONTROL_PLANE), nodes: ONE_CONTROL_PLANE });
  return store;
}

function controlPlaneFiles(store: PkiStore): (name: string) => string {
  const files = store.nodeFiles({ spec: specFor(ONE_CONTROL_PLANE), node: { name: 's4', role: 'control-plane' } });
  return (name) => textAt(files, `${PKI}/${name}`);
}

function textAt(files: DesiredFile[], path: string): string {
  const content = files.find((file) => file.path === path)?.content;
  if (content?.kind !== 'text') throw new Error(`${path} is missing`);
  return content.text;
}

/** A server that asks for a client certificate and says whose it accepted, or why not: a refusal in TLS has no reason. */
async function serve(options: { ca: string; cert: string; key: string }): Promise<Server> {
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: false }, (socket) => {
    const { CN, O } = socket.getPeerCertificate().subject;
    socket.end(socket.authorized ? `${CN}/${O}` : `refused: ${socket.authorizationError}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

function dial(server: Server, options: { ca: string; cert?: string; key?: string; servername: string }): TLSSocket {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  const { servername, ...credentials } = options;
  return connect({ ...credentials, host: '127.0.0.1', port: address.port, servername });
}

async function answer(socket: TLSSocket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('mutual TLS with issued certificates', () => {
  it('the operator reaches kube-apiserver as administrator', async () => {
    const store = await realClockStore();
    const file = controlPlaneFiles(store);
    const server = await serve({ ca: file('client-ca.crt'), cert: file('apiserver.crt'), key: file('apiserver.key') });
    const { kubernetes } = await store.operatorIdentities();
    const socket = dial(server, { ...kubernetes, servername: 'kubernetes.default.svc' });
    await expect(answer(socket)).resolves.toBe('kubernetes-admin/system:masters');
  });

  it('etcd members accept each other, and refuse a Kubernetes administrator', async () => {
    const store = await realClockStore();
    const file = controlPlaneFiles(store);
    const peer = { ca: file('etcd/ca.crt'), cert: file('etcd/peer.crt'), key: file('etcd/peer.key') };
    const server = await serve(peer);
    await expect(answer(dial(server, { ...peer, servername: 's4' }))).resolves.toBe('s4/undefined');
    const { kubernetes } = await store.operatorIdentities();
    const intruder = dial(server, { ...kubernetes, ca: peer.ca, servername: 's4' });
    await expect(answer(intruder)).resolves.toBe('refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('a client refuses a server that is another node', async () => {
    const store = await realClockStore();
    const file = controlPlaneFiles(store);
    const server = await serve({ ca: file('client-ca.crt'), cert: file('kubelet.crt'), key: file('kubelet.key') });
    const credentials = { cert: file('apiserver-kubelet-client.crt'), key: file('apiserver-kubelet-client.key') };
    const socket = dial(server, { ca: file('ca.crt'), ...credentials, servername: 's5' });
    await expect(answer(socket)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});
