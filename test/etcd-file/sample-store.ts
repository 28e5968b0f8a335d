import { encrypted, jsonObject, protobufObject } from './kubernetes-values.js';
import { clusterVersionAgreed, type SingleEtcd } from './single-etcd.js';

const base64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString('base64');
const pod = (number: number): string => `web-${String(number).padStart(3, '0')}`;

const PODS = 120;

/** What is left of the pods: of each ten one is deleted. */
export const LIVE_PODS = Array.from({ length: PODS }, (_, number) => pod(number)).filter(
  (_, number) => number % 10 !== 3,
);

/** The longest value; each of its pages says which it is. */
export const LONG_VALUE = Buffer.from(
  Array.from({ length: 10_000 }, (_, line) => `line ${String(line).padStart(9, '0')}\n`)
    .join('')
    .slice(0, 150_000),
);

/** What `fillSampleStore` leaves, as `readContents` should say it. */
export const SAMPLE_OBJECTS: ReadonlyMap<string, number> = new Map([
  ['configmaps', 6],
  ['customresourcedefinitions.apiextensions.k8s.io', 1],
  ['endpoints', 1],
  ['events', 5],
  ['leases', 2],
  ['nodes', 1],
  ['pods', LIVE_PODS.length],
  ['secrets', 3],
  ['services', 1],
  ['widgets.example.com', 2],
]);
export const SAMPLE_TOTAL = 6 + 1 + 1 + 1 + LIVE_PODS.length + 3 + 1 + 2;
/** Beside the objects: two of an apiserver's own, one of another program. */
export const SAMPLE_KEYS = SAMPLE_TOTAL + 5 + 2 + 3;

/** Puts, overwrites and deletes; several changes at one revision, long values, leases, a compaction, members, an alarm. */
export async function fillSampleStore(etcd: SingleEtcd): Promise<void> {
  await clusterVersionAgreed(etcd);
  const put = (key: string, value: string | Buffer, lease = '0') =>
    etcd.call('kv/put', { key: base64(key), value: base64(value), lease });
  const remove = (key: string) => etcd.call('kv/deleterange', { key: base64(key) });
  await putPods(etcd, 60);
  const { header } = await etcd.call<{ header: { revision: string } }>('kv/range', { key: base64('none') });
  await putPods(etcd, 100);
  await etcd.call('kv/compaction', { revision: header.revision, physical: true });
  await putConfiguration(put);
  const lease = await etcd.call<{ ID: string }>('lease/grant', { TTL: '1000000' });
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await put(`/registry/events/default/${name}`, protobufObject({ kind: 'Event', name }), lease.ID);
  await put('/registry/masterleases/10.0.0.1', protobufObject({ kind: 'Endpoints', name: '' }), lease.ID);
  for (let number = 3; number < PODS; number += 10) await remove(`/registry/pods/default/${pod(number)}`);
  await remove('/registry/secrets/default/gone');
  await changeMembers(etcd);
}

type Put = (key: string, value: string | Buffer) => Promise<unknown>;

/** In transactions of ten. */
async function putPods(etcd: SingleEtcd, padding: number): Promise<void> {
  for (let first = 0; first < PODS; first += 10) {
    const success = Array.from({ length: 10 }, (_, index) => {
      const name = pod(first + index);
      const value = protobufObject({ kind: 'Pod', namespace: 'default', name, padding });
      return { requestPut: { key: base64(`/registry/pods/default/${name}`), value: base64(value) } };
    });
    await etcd.call('kv/txn', { success });
  }
}

async function putConfiguration(put: Put): Promise<void> {
  const core = (kind: string, name: string, padding = 100) =>
    protobufObject({ kind, namespace: 'default', name, padding });
  for (const [name, padding] of [
    ['one', 10],
    ['two', 5_000],
    ['three', 9_000],
    ['four', 20_000],
    ['five', 70_000],
  ] as const)
    await put(`/registry/configmaps/default/${name}`, core('ConfigMap', name, padding));
  await put('/registry/configmaps/default/long', LONG_VALUE);
  await put('/registry/secrets/default/rotated', encrypted('aescbc', 'former'));
  await put('/registry/secrets/default/rotated', encrypted('secretbox', 'today'));
  await put('/registry/secrets/default/old', encrypted('aescbc', 'before'));
  await put('/registry/secrets/default/plain', core('Secret', 'plain'));
  await put('/registry/secrets/default/gone', encrypted('kms', 'plugin'));
  await put('/registry/services/specs/default/web', core('Service', 'web'));
  await put('/registry/services/endpoints/default/web', core('Endpoints', 'web'));
  await put('/registry/minions/node-1', protobufObject({ kind: 'Node', name: 'node-1' }));
  await put('/registry/leases/kube-node-lease/node-1', core('Lease', 'node-1'));
  await put('/registry/leases/default/own', core('Lease', 'own'));
  await put('/registry/ranges/serviceips', core('RangeAllocation', ''));
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: 'widgets.example.com',
  };
  await put(`/registry/apiextensions.k8s.io/customresourcedefinitions/${definition.name}`, jsonObject(definition));
  for (const name of ['left', 'right']) {
    const widget = { apiVersion: 'example.com/v1', kind: 'Widget', namespace: 'default', name };
    await put(`/registry/example.com/widgets/default/${name}`, jsonObject(widget));
  }
  await put('compact_rev_key', '7');
}

/** A learner that stays, one that was removed; an alarm, after which nothing can be put. */
async function changeMembers(etcd: SingleEtcd): Promise<void> {
  const add = (peerURLs: string[]) =>
    etcd.call<{ member: { ID: string } }>('cluster/member/add', { peerURLs, isLearner: true });
  const { member } = await add(['http://127.0.0.1:1']);
  await etcd.call('cluster/member/remove', { ID: member.ID });
  await add(['http://127.0.0.1:2', 'http://127.0.0.1:3']);
  await etcd.call('maintenance/alarm', { action: 'ACTIVATE', memberID: member.ID, alarm: 'NOSPACE' });
}
