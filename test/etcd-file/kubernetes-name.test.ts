import { expect, it } from 'vitest';
import { kubernetesName } from '../../src/etcd-file/kubernetes-name.js';
import { encrypted, jsonObject, protobufObject } from './kubernetes-values.js';

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };

it.each([
  ['protobuf', protobufObject(deployment)],
  ['JSON', jsonObject(deployment)],
])('reads who an object in %s is', (_, value) => {
  expect(kubernetesName(value)).toEqual({ ...deployment, uid: 'uid-of-web' });
});

it('leaves the namespace empty where there is none', () => {
  expect(kubernetesName(protobufObject({ kind: 'Node', name: 'n1' }))).toMatchObject({ namespace: '', name: 'n1' });
});

it.each([
  ['nothing', Buffer.alloc(0)],
  ['an encrypted value', encrypted('aescbc', 'key1')],
  ['an envelope cut short', protobufObject(deployment).subarray(0, 40)],
  ['an envelope alone', Buffer.from('k8s\0')],
  ['JSON cut short', jsonObject(deployment).subarray(0, 40)],
  ['JSON without metadata', Buffer.from('{"kind":"Pod"}')],
  ['JSON with metadata that is none', Buffer.from('{"metadata":null}')],
  ['an object without a name', protobufObject({ kind: 'RangeAllocation', name: '' })],
])('says nothing of %s', (_, value) => expect(kubernetesName(value)).toBeUndefined());
