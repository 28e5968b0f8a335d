import { afterEach, beforeAll, beforeEach } from 'vitest';
import type { TlsIdentity } from '../../src/http/secure-stream.js';
import type { KubeClient } from '../../src/kube/client.js';
import { type FakeApiServer, startFakeApiServer } from '../helpers/fake-apiserver.js';
import { createTestPki } from '../helpers/test-pki.js';

export interface FakeCluster {
  serverTls: TlsIdentity;
  admin: TlsIdentity;
  /** A fresh server and client for every test. */
  server: FakeApiServer;
  client: KubeClient;
}

/** Hooks of a test file that talks to one scripted apiserver. */
export function useFakeCluster(): FakeCluster {
  const cluster = {} as FakeCluster;
  beforeAll(async () => {
    const pki = await createTestPki();
    Object.assign(cluster, { serverTls: await pki.issue('server'), admin: await pki.issue('admin') });
  });
  beforeEach(async () => {
    cluster.server = await startFakeApiServer(cluster.serverTls);
    cluster.client = cluster.server.client(cluster.admin);
  });
  afterEach(async () => {
    cluster.client.close();
    await cluster.server.close();
  });
  return cluster;
}
