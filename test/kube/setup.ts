import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { TlsIdentity } from '../../src/http/tls-agent.js';
import type { KubeClient } from '../../src/kube/client.js';
import { type FakeApiServer, startFakeApiServer } from '../helpers/fake-apiserver.js';
import { createOpensslPki, type OpensslPki } from '../helpers/openssl-pki.js';

export interface FakeCluster {
  pki: OpensslPki;
  serverTls: TlsIdentity;
  admin: TlsIdentity;
  /** A fresh server and client for every test. */
  server: FakeApiServer;
  client: KubeClient;
}

/** Hooks of a test file that talks to one scripted apiserver. */
export function useFakeCluster(): FakeCluster {
  const cluster = {} as FakeCluster;
  beforeAll(() => {
    const pki = createOpensslPki();
    Object.assign(cluster, { pki, serverTls: pki.issue('server'), admin: pki.issue('admin') });
  });
  beforeEach(async () => {
    cluster.server = await startFakeApiServer(cluster.serverTls);
    cluster.client = cluster.server.client(cluster.admin);
  });
  afterEach(async () => {
    cluster.client.close();
    await cluster.server.close();
  });
  afterAll(() => cluster.pki.remove());
  return cluster;
}
