import { describe, expect, it } from 'vitest';
import { bundledManifest } from '../../src/kube/manifest.js';
import { isTolerated } from '../../src/kube/node-taints.js';
import type { Taint, Toleration } from '../../src/kube/objects.js';
import { loadProfiles } from '../../src/pki/profiles.js';

const values = {
  DNS_IMAGE: 'example.test/dns:1',
  DNS_REPLICAS: 2,
  DNS_ADDRESS: '10.96.0.10',
  CLUSTER_DOMAIN: 'lab.test',
  API_AUTHORITY: '00e1',
};
const coredns = () => bundledManifest({ name: 'coredns.yaml', values });

describe('manifests/coredns.yaml', () => {
  it('takes its image, address, size and domain from the cluster', async () => {
    const byKind = new Map((await coredns()).map((object) => [object.kind, object]));
    expect(byKind.get('Deployment')).toMatchObject({
      spec: { replicas: 2, template: { spec: { containers: [{ image: 'example.test/dns:1' }] } } },
    });
    expect(byKind.get('Deployment')).toMatchObject({
      spec: { template: { metadata: { annotations: { 'k8s-diskless/api-authority': '00e1' } } } },
    });
    expect(byKind.get('Service')).toMatchObject({ spec: { clusterIP: '10.96.0.10' } });
    expect(byKind.get('ConfigMap')).toMatchObject({
      data: { Corefile: expect.stringContaining('kubernetes lab.test in-addr.arpa') },
    });
  });

  it('lets no reboot take all name servers away, and keeps none waiting where there is one node only', async () => {
    const deployment = (await coredns()).find(({ kind }) => kind === 'Deployment');
    expect(deployment).toMatchObject({
      spec: {
        selector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        template: {
          metadata: { labels: { 'k8s-app': 'kube-dns' } },
          spec: {
            topologySpreadConstraints: [
              {
                topologyKey: 'kubernetes.io/hostname',
                maxSkew: 1,
                whenUnsatisfiable: 'DoNotSchedule',
                nodeTaintsPolicy: 'Honor',
                matchLabelKeys: ['pod-template-hash'],
                labelSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
              },
            ],
          },
        },
      },
    });
    // Nodes count before their kubelets have labelled them, and while they are not Ready; not when they are gone.
    expect(deployment).not.toHaveProperty('spec.template.spec.nodeSelector');
    const tolerations = (deployment as { spec?: { template: { spec: { tolerations: Toleration[] } } } }).spec?.template
      .spec.tolerations;
    const taint = (key: string): Taint => ({ key: `node.kubernetes.io/${key}`, effect: 'NoSchedule' });
    const counts = (key: string): boolean => isTolerated(taint(key), tolerations ?? []);
    expect(['not-ready', 'unreachable', 'unschedulable'].map(counts)).toEqual([true, false, false]);
  });

  it('uses only APIs that every version of the table serves', async () => {
    const versions = new Set((await coredns()).map((object) => object.apiVersion));
    expect([...versions].toSorted()).toEqual(['apps/v1', 'rbac.authorization.k8s.io/v1', 'v1']);
  });

  it('creates what others refer to before them', async () => {
    expect((await coredns()).map(({ kind }) => kind)).toEqual([
      'ServiceAccount',
      'ClusterRole',
      'ClusterRoleBinding',
      'ConfigMap',
      'Deployment',
      'Service',
    ]);
  });
});

describe('manifests/kubelet-api-access.yaml', () => {
  it('binds the user that the certificate profile names', async () => {
    const { leaves } = await loadProfiles();
    const user = leaves['apiserver-kubelet-client']?.subject.commonName;
    expect(await bundledManifest({ name: 'kubelet-api-access.yaml' })).toMatchObject([
      { roleRef: { name: 'system:kubelet-api-admin' }, subjects: [{ kind: 'User', name: user }] },
    ]);
  });
});
