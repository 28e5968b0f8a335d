import { afterAll, afterEach, beforeAll } from 'vitest';
import { createOpensslPki, type OpensslPki } from '../helpers/openssl-pki.js';
import { etcdBinary } from './etcd-binary.js';
import { createEtcdCluster, type EtcdCluster, type EtcdProcess } from './etcd-cluster.js';

export interface UsedEtcd {
  pki: OpensslPki;
  /** A fresh one, which is gone after the test. */
  startMembers(...names: string[]): Promise<void>;
  member(name: string): EtcdProcess;
  newcomer(name: string): Promise<EtcdProcess>;
}

/** Hooks of a test file that starts the real etcd, anew in every test. */
export function useEtcd(): UsedEtcd {
  let binary: string;
  let cluster: EtcdCluster;
  const used = {
    async startMembers(...names: string[]) {
      cluster = await createEtcdCluster({ binary, pki: used.pki, names });
      await cluster.start();
    },
    member: (name: string) => cluster.member(name),
    newcomer: (name: string) => cluster.newcomer(name),
  } as UsedEtcd;
  beforeAll(async () => {
    binary = await etcdBinary();
    used.pki = createOpensslPki();
  });
  afterEach(() => cluster.remove());
  afterAll(() => used.pki.remove());
  return used;
}
