import { expect, it } from 'vitest';
import type { Run } from '../../src/reconcile/context.js';
import { authorityMark, untilAuthorityIsPublished } from '../../src/reconcile/published-authority.js';
import { answer, type Handler, refuse } from '../helpers/fake-apiserver.js';
import { virtualClock } from '../helpers/virtual-clock.js';
import { useFakeCluster } from '../kube/setup.js';

const cluster = useFakeCluster();
const DEPLOYMENT = '/apis/apps/v1/namespaces/kube-system/deployments/coredns';
const PUBLISHED = '/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt';
const [OLD, NEW] = ['-----BEGIN CERTIFICATE-----\nold\n', '-----BEGIN CERTIFICATE-----\nnew\n'];

const startedWith = (ca: string | undefined): Handler => {
  const annotations = { 'k8s-diskless/api-authority': ca === undefined ? undefined : authorityMark(ca) };
  return answer(200, { metadata: { name: 'coredns' }, spec: { template: { metadata: { annotations } } } });
};
const publishes = (ca: string): Handler =>
  answer(200, { metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': ca } });

async function wait() {
  const { signal } = new AbortController();
  const clock = virtualClock();
  const told: string[] = [];
  const bus = { emit: ({ code, hint }: { code: string; hint: string }) => told.push(code, hint) };
  const context = { signal, bus, options: { clock, readyTimeoutMs: 180_000 } } as unknown as Run;
  const deployment = { namespace: 'kube-system', name: 'coredns' };
  await untilAuthorityIsPublished(context, { client: cluster.client, deployment, ca: NEW, signal });
  return { asked: cluster.server.requests.map(({ path }) => path), waitedMs: clock.waitedMs(), told };
}

it('costs one look where the pods were started with it', async () => {
  cluster.server.on('GET', DEPLOYMENT, startedWith(NEW));
  expect(await wait()).toEqual({ asked: [DEPLOYMENT], waitedMs: 0, told: [] });
});

it('and on a new cluster, where nobody has pods yet', async () => {
  cluster.server.on('GET', DEPLOYMENT, refuse(404, 'NotFound'));
  expect(await wait()).toEqual({ asked: [DEPLOYMENT], waitedMs: 0, told: [] });
});

it('waits until the renewed one is where new pods find it', async () => {
  const notYet = refuse(500, 'InternalError');
  cluster.server
    .on('GET', DEPLOYMENT, startedWith(OLD))
    .on('GET', PUBLISHED, publishes(OLD), notYet, publishes(OLD), publishes(NEW));
  const { asked, waitedMs, told } = await wait();
  expect(told).toEqual([]);
  expect(asked).toEqual([DEPLOYMENT, PUBLISHED, PUBLISHED, PUBLISHED, PUBLISHED]);
  expect(waitedMs).toBeGreaterThan(0);
});

it('does not wait for pods of an earlier release, where nothing was renewed', async () => {
  cluster.server.on('GET', DEPLOYMENT, startedWith(undefined)).on('GET', PUBLISHED, publishes(NEW));
  expect(await wait()).toEqual({ asked: [DEPLOYMENT, PUBLISHED], waitedMs: 0, told: [] });
});

it('does not wait for ever for what nobody writes, and says what is left to do', async () => {
  cluster.server.on('GET', DEPLOYMENT, startedWith(OLD)).on('GET', PUBLISHED, publishes(OLD));
  const { waitedMs, told } = await wait();
  expect(waitedMs).toBeLessThanOrEqual(31_000);
  const restart = 'once it has: kubectl -n kube-system rollout restart deployment coredns';
  expect(told).toEqual(['authority-not-published', restart]);
});
