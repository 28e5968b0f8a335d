import { expect, it } from 'vitest';
import type { KubeClient } from '../../src/kube/client.js';
import { servedInside } from '../../src/kube/served-inside.js';

const { signal } = new AbortController();
const service = { namespace: 'gate', name: 'hook' };
const rules = (...resources: string[]) => [{ apiGroups: [''], resources }];

function found(lists: Record<string, object[]>) {
  const list = async (path: string) => ({ items: lists[path.split('/').at(-1) ?? ''] ?? [] });
  return servedInside({ list } as unknown as KubeClient, signal);
}

const validating = (webhook: object) => ({
  validatingwebhookconfigurations: [{ metadata: { name: 'gate' }, webhooks: [webhook] }],
});

it('names webhooks that fail closed over what nodes and pods need', async () => {
  const closed = { clientConfig: { service }, rules: rules('pods/status', 'configmaps') };
  expect(await found(validating(closed))).toEqual([
    {
      what: 'ValidatingWebhookConfiguration gate',
      service: 'gate/hook',
      refuses: 'changes of pods',
      command: 'kubectl delete validatingwebhookconfiguration gate',
    },
  ]);
  const all = { failurePolicy: 'Fail', clientConfig: { service }, rules: rules('*') };
  const mutating = { mutatingwebhookconfigurations: [{ metadata: { name: 'm' }, webhooks: [all] }] };
  expect((await found(mutating))[0]).toMatchObject({ refuses: 'changes of pods, nodes, leases' });
});

it.each([
  ['that let pass what they cannot judge', { failurePolicy: 'Ignore', clientConfig: { service }, rules: rules('*') }],
  ['outside of the cluster', { clientConfig: {}, rules: rules('*') }],
  ['over other objects', { clientConfig: { service }, rules: rules('deployments') }],
])('leaves alone those %s', async (_title, webhook) => expect(await found(validating(webhook))).toEqual([]));

it('names aggregated APIs and conversions that a service of the cluster answers', async () => {
  const apiservices = [
    { metadata: { name: 'v1.apps' }, spec: { service: null } },
    { metadata: { name: 'v1.metrics' }, spec: { service, group: 'metrics', version: 'v1' } },
  ];
  const conversion = { strategy: 'Webhook', webhook: { clientConfig: { service } } };
  const customresourcedefinitions = [
    { metadata: { name: 'plain' }, spec: { names: { plural: 'plains' }, conversion: { strategy: 'None' } } },
    { metadata: { name: 'things.test' }, spec: { names: { plural: 'things' }, conversion } },
  ];
  expect((await found({ apiservices, customresourcedefinitions })).map(({ what }) => what)).toEqual([
    'APIService v1.metrics',
    'the conversion of CustomResourceDefinition things.test',
  ]);
});
