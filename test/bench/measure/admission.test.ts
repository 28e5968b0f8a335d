import { describe, expect, test } from 'vitest';
import { readAdmission } from '../../../src/bench/measure/admission.js';
import { NAMESPACE } from '../../../src/bench/measure/manifests.js';
import { PODS } from '../../../src/bench/measure/pod-observer.js';
import { answer, type Handler, refuse } from '../../helpers/fake-apiserver.js';
import { useFakeCluster } from '../../kube/setup.js';

const cluster = useFakeCluster();
const QUOTAS = `/api/v1/namespaces/${NAMESPACE}/resourcequotas`;
const POD = 'pods "admission" is forbidden:';

const admission = () =>
  readAdmission({ client: cluster.client, image: 'pause:3.6', signal: new AbortController().signal });

/** Refuses pods without a limit on processor time, as the quota plugin words it. */
const demandsLimit: Handler = (exchange) => {
  const { limits } = JSON.parse(exchange.request.body).spec.containers[0].resources;
  if ('cpu' in limits) answer(201, { kind: 'Pod', metadata: { name: 'admission' } })(exchange);
  else refuse(403, 'Forbidden', `${POD} failed quota: compute: must specify limits.cpu`)(exchange);
};

describe('readAdmission', () => {
  test('creates nothing', async () => {
    cluster.server.on('POST', PODS, answer(201, { kind: 'Pod', metadata: { name: 'admission' } }));
    expect(await admission()).toEqual({ limitsCpu: false });
    expect(cluster.server.requests.map(({ query }) => query.get('dryRun'))).toEqual(['All']);
  });

  test('finds that a quota demands a limit on processor time', async () => {
    cluster.server.on('POST', PODS, demandsLimit);
    expect(await admission()).toEqual({ limitsCpu: true });
  });

  test('waits until a new quota has been counted', async () => {
    const uncounted = refuse(403, 'Forbidden', `${POD} status unknown for quota: compute, resources: limits.cpu`);
    cluster.server.on('POST', PODS, uncounted, uncounted, demandsLimit);
    const changed = {
      type: 'MODIFIED',
      object: { kind: 'ResourceQuota', metadata: { name: 'compute', resourceVersion: '6' } },
    };
    cluster.server.on('GET', QUOTAS, (exchange) => {
      if (!exchange.request.query.has('watch'))
        return answer(200, { metadata: { resourceVersion: '5' }, items: [] })(exchange);
      exchange.response.writeHead(200).write(`${JSON.stringify(changed)}\n`);
    });
    expect(await admission()).toEqual({ limitsCpu: true });
  });

  test('says what a policy refuses', async () => {
    cluster.server.on('POST', PODS, refuse(403, 'Forbidden', `${POD} exceeded quota: few, requested: pods=1`));
    await expect(admission()).rejects.toMatchObject({
      code: 'bench-not-admitted',
      exit: 4,
      detail: expect.stringContaining('exceeded quota: few'),
    });
  });

  test('a webhook that takes no dry runs is asked when pods are made', async () => {
    cluster.server.on('POST', PODS, refuse(400, 'BadRequest', 'admission webhook does not support dry run'));
    expect(await admission()).toEqual({ limitsCpu: false });
  });
});
