import { describe, expect, test } from 'vitest';
import { prepareNamespace, removeNamespace } from '../../src/kube/own-namespace.js';
import { answer, type Handler, refuse } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from './setup.js';

const cluster = useFakeCluster();
const NAMESPACE = 'k8s-diskless-bench';
const NAMESPACES = '/api/v1/namespaces';
const OURS = `${NAMESPACES}/${NAMESPACE}`;
const ACCOUNTS = `${OURS}/serviceaccounts`;
const PODS = `${OURS}/pods`;
const object = (name: string) => ({ metadata: { name, resourceVersion: '7' } });

/** A list, then one change in the watch that follows. */
function listed(items: object[], change?: { type: string; object: object }): Handler {
  return (exchange) => {
    if (!exchange.request.query.has('watch'))
      return answer(200, { metadata: { resourceVersion: '5' }, items })(exchange);
    exchange.response.writeHead(200).flushHeaders();
    if (change) exchange.response.write(`${JSON.stringify(change)}\n`);
  };
}

const options = () => ({ client: cluster.client, name: NAMESPACE, signal: new AbortController().signal });
const asked = () => cluster.server.requests.map(({ method, path }) => `${method} ${path}`);

describe('prepareNamespace', () => {
  test('makes it where there was none, and waits for what pods need', async () => {
    cluster.server.on('DELETE', OURS, refuse(404, 'NotFound'));
    cluster.server.on('POST', NAMESPACES, answer(201, object(NAMESPACE)));
    cluster.server.on('GET', ACCOUNTS, listed([], { type: 'ADDED', object: object('default') }));
    await prepareNamespace(options());
    expect(asked()).toEqual([`DELETE ${OURS}`, `POST ${NAMESPACES}`, `GET ${ACCOUNTS}`, `GET ${ACCOUNTS}`]);
  });

  test('what a killed run left goes first, with all that is in it', async () => {
    cluster.server.on('DELETE', OURS, answer(200, object(NAMESPACE)));
    cluster.server.on('DELETE', PODS, answer(200, { kind: 'PodList' }));
    cluster.server.on('GET', NAMESPACES, listed([object(NAMESPACE)], { type: 'DELETED', object: object(NAMESPACE) }));
    cluster.server.on('POST', NAMESPACES, answer(201, object(NAMESPACE)));
    cluster.server.on('GET', ACCOUNTS, listed([object('default')]));
    await prepareNamespace(options());
    expect(asked().indexOf(`POST ${NAMESPACES}`)).toBeGreaterThan(asked().lastIndexOf(`GET ${NAMESPACES}`));
  });
});

describe('removeNamespace', () => {
  test('one that is being removed already is waited for', async () => {
    cluster.server.on('DELETE', OURS, refuse(409, 'Conflict'));
    cluster.server.on('DELETE', PODS, answer(200, { kind: 'PodList' }));
    cluster.server.on('GET', NAMESPACES, listed([]));
    await removeNamespace(options());
    expect(asked()).toEqual([`DELETE ${OURS}`, `DELETE ${PODS}`, `GET ${NAMESPACES}`]);
  });

  test('pods of a node that was lost are not waited for', async () => {
    cluster.server.on('DELETE', OURS, answer(200, object(NAMESPACE)));
    cluster.server.on('DELETE', PODS, answer(200, { kind: 'PodList' }));
    cluster.server.on('GET', NAMESPACES, listed([]));
    await removeNamespace(options());
    expect(cluster.server.requests[1]?.query.get('gracePeriodSeconds')).toBe('0');
  });

  test('a refusal is told', async () => {
    cluster.server.on('DELETE', OURS, refuse(403, 'Forbidden', 'no'));
    await expect(removeNamespace(options())).rejects.toMatchObject({ code: 'kube-forbidden' });
  });
});
