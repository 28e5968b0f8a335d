import { expect, it } from 'vitest';
import { openCluster } from '../../src/cluster/cluster.js';
import type { OperatorIdentities } from '../../src/pki/operator-tls.js';
import { sampleSpec } from '../helpers/sample-facts.js';
import { DAY, daysLater, establishedPki, openStore } from '../pki/fixture.js';

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

it('a renewed certificate replaces the one that clients were opened with, in a handle that lives for longer', async () => {
  const directory = await establishedPki();
  let days = 0;
  let isReadable = true;
  const cluster = openCluster({
    spec: sampleSpec(),
    identities: async () => {
      if (!isReadable) throw new Error('the disk is gone');
      return (await openStore(directory, { mode: 'memory', now: daysLater(days) })).operatorIdentities();
    },
    monotonicMs: () => days * DAY,
    connect: () => Promise.reject(new Error('nobody connects')),
  });
  const open = async () => [await cluster.kube(), await cluster.kubeOf('s4'), await cluster.etcdOf('s4')];
  const first = await open();
  days = 1;
  expect(areSame(await open(), first)).toEqual([true, true, true]);
  days = 360;
  isReadable = false;
  await expect(cluster.kube()).rejects.toThrow('the disk is gone');
  isReadable = true;
  const renewed = await open();
  expect(areSame(renewed, first)).toEqual([false, false, false]);
  expect(areSame(await open(), renewed)).toEqual([true, true, true]);
  await cluster.close();
});

const areSame = (some: readonly unknown[], others: readonly unknown[]): boolean[] =>
  some.map((one, index) => one === others[index]);
