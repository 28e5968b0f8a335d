import { describe, expect, test } from 'vitest';
import { applyObjects } from '../../src/kube/apply.js';
import { answer, type Handler, refuse, trickle } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from './setup.js';

const cluster = useFakeCluster();
const { signal } = new AbortController();
const noSleep = async (): Promise<void> => undefined;

const CORE = {
  resources: [
    { name: 'services', kind: 'Service', namespaced: true },
    { name: 'namespaces', kind: 'Namespace', namespaced: false },
    { name: 'pods/eviction', kind: 'Eviction', namespaced: true },
  ],
};
const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'dns', namespace: 'kube-system' },
  spec: { a: 1 },
};
const SERVICE_PATH = '/api/v1/namespaces/kube-system/services/dns';
const live = (resourceVersion: string, spec: object, more: object = {}): Handler =>
  answer(200, {
    ...SERVICE,
    metadata: { ...SERVICE.metadata, uid: 'u', resourceVersion, managedFields: [resourceVersion] },
    spec,
    ...more,
  });

function apply(...objects: (typeof SERVICE | object)[]) {
  return applyWith({}, ...objects);
}

function applyWith(limits: { establishedMs?: number }, ...objects: (typeof SERVICE | object)[]) {
  const { client } = cluster;
  return applyObjects({ client, objects: objects as (typeof SERVICE)[], signal, sleep: noSleep, ...limits });
}

test.each([
  ['created', refuse(404, 'NotFound'), live('1', { a: 1 })],
  ['unchanged', live('1', { a: 1 }), live('1', { a: 1 })],
  ['changed', live('1', { a: 0 }), live('2', { a: 1 })],
])('says %s', async (outcome, before, after) => {
  cluster.server
    .on('GET', '/api/v1', answer(200, CORE))
    .on('GET', SERVICE_PATH, before)
    .on('PATCH', SERVICE_PATH, after);
  expect(await apply(SERVICE)).toEqual([{ subject: 'Service kube-system/dns', outcome }]);
});

test('a new resourceVersion, managedFields or status alone is no change', async () => {
  cluster.server
    .on('GET', '/api/v1', answer(200, CORE))
    .on('GET', SERVICE_PATH, live('1', { a: 1 }, { status: { x: 1 } }))
    .on('PATCH', SERVICE_PATH, live('2', { a: 1 }, { status: { x: 2 } }));
  expect((await apply(SERVICE))[0]?.outcome).toBe('unchanged');
});

test('applies in order on the server, by force, under our name; kinds are asked for once', async () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
  cluster.server
    .on('GET', '/api/v1', answer(200, CORE))
    .on('PATCH', '/api/v1/namespaces/x', answer(201, namespace))
    .on('PATCH', SERVICE_PATH, answer(201, SERVICE))
    .on('PATCH', '/api/v1/namespaces/default/services/dns', answer(201, SERVICE));
  await apply(namespace, SERVICE, { ...SERVICE, metadata: { name: 'dns' } });
  const sent = cluster.server.requests.filter(({ method }) => method === 'PATCH');
  expect(sent.map(({ path, query }) => `${path}?${query}`)).toEqual([
    '/api/v1/namespaces/x?fieldManager=k8s-diskless&force=true',
    `${SERVICE_PATH}?fieldManager=k8s-diskless&force=true`,
    '/api/v1/namespaces/default/services/dns?fieldManager=k8s-diskless&force=true',
  ]);
  expect(sent[1]?.headers['content-type']).toBe('application/apply-patch+yaml');
  expect(JSON.parse(sent[1]?.body ?? '')).toEqual(SERVICE);
  expect(cluster.server.requests.filter(({ path }) => path === '/api/v1')).toHaveLength(1);
});

test.each([
  ['a kind the group does not have', answer(200, { resources: [] })],
  ['a group that is not served', refuse(404, 'NotFound')],
])('%s is kube-unknown-kind', async (_, discovery) => {
  cluster.server.on('GET', '/api/v1', discovery);
  await expect(apply(SERVICE)).rejects.toMatchObject({
    code: 'kube-unknown-kind',
    message: 'Service kube-system/dns was not applied: this Kubernetes does not serve Service of v1',
  });
});

test('a refusal names the object and keeps its code', async () => {
  cluster.server
    .on('GET', '/api/v1', answer(200, CORE))
    .on('PATCH', SERVICE_PATH, refuse(422, 'Invalid', 'spec.a: bad'));
  await expect(apply(SERVICE)).rejects.toMatchObject({
    code: 'kube-invalid',
    message: expect.stringMatching(/^Service kube-system\/dns was not applied: .*spec\.a: bad$/),
  });
});

describe('a definition and its first object in one manifest', () => {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.org' },
    spec: { group: 'example.org' },
  };
  const thing = { apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 't' } };
  const collection = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const withCondition = (type: string, status: string) => ({
    ...definition,
    metadata: { ...definition.metadata, resourceVersion: '5' },
    status: { conditions: [{ type, status }] },
  });

  function serve(condition: object): void {
    const kinds = { resources: [{ name: 'customresourcedefinitions', kind: definition.kind, namespaced: false }] };
    const things = { resources: [{ name: 'things', kind: 'Thing', namespaced: false }] };
    cluster.server
      .on('GET', '/apis/apiextensions.k8s.io/v1', answer(200, kinds))
      .on('PATCH', `${collection}/things.example.org`, answer(201, definition))
      .on(
        'GET',
        collection,
        answer(200, { metadata: { resourceVersion: '4' }, items: [definition] }),
        trickle([`${JSON.stringify({ type: 'MODIFIED', object: condition })}\n`]),
      )
      .on('GET', '/apis/example.org/v1', refuse(404, 'NotFound'), answer(200, { resources: [] }), answer(200, things))
      .on('PATCH', '/apis/example.org/v1/things/t', answer(201, thing));
  }

  test('the object waits until its kind is served', async () => {
    serve(withCondition('Established', 'True'));
    expect((await apply(definition, thing)).map(({ outcome }) => outcome)).toEqual(['created', 'created']);
  });

  test('names that are taken end the wait', async () => {
    serve(withCondition('NamesAccepted', 'False'));
    await expect(apply(definition, thing)).rejects.toMatchObject({ code: 'kube-conflict' });
  });

  test.each([
    ['that says nothing more', trickle([])],
    ['that can no longer be had', refuse(503, 'ServiceUnavailable')],
  ])('a watch %s ends the wait in time, and names the definition', async (_, silence) => {
    serve(definition);
    const listed = answer(200, { metadata: { resourceVersion: '4' }, items: [definition] });
    cluster.server.on('GET', collection, listed, silence);
    await expect(applyWith({ establishedMs: 100 }, definition, thing)).rejects.toMatchObject({
      code: 'kube-not-established',
      message: expect.stringMatching(/^CustomResourceDefinition things\.example\.org was not applied: .* 0\.1 s$/),
    });
  });
});
