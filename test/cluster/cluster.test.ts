import { expect, it } from 'vitest';
import { openCluster } from '../../src/cluster/cluster.js';
import type { OperatorIdentities } from '../../src/pki/operator-tls.js';
import { sampleSpec } from '../helpers/sample-facts.js';

const identity = {};
const IDENTITIES = { kubernetes: identity, etcd: identity } as unknown as OperatorIdentities;

it('what could not be opened is tried again by who asks next, and what was opened is opened once', async () => {
  let asked = 0;
  const cluster = openCluster({
    spec: sampleSpec(),
    identities: async () => {
      asked += 1;
      if (asked === 1) throw new Error('the disk is full');
      return IDENTITIES;
    },
    connect: () => Promise.reject(new Error('nobody connects')),
  });
  await expect(cluster.kubeOf('s4')).rejects.toThrow('the disk is full');
  const client = await cluster.kubeOf('s4');
  expect(await cluster.kubeOf('s4')).toBe(client);
  expect(asked).toBe(2);
  await cluster.close();
});
