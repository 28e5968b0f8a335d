import { describe, expect, it } from 'vitest';
import { bundledManifest } from '../../src/kube/manifest.js';
import { loadProfiles } from '../../src/pki/profiles.js';

const values = {
  DNS_IMAGE: 'example.test/dns:1',
  DNS_REPLICAS: 2,
  DNS_ADDRESS: '10.96.0.10',
  CLUSTER_DOMAIN: 'lab.test',
};
const coredns = () => bundledManifest({ name: 'coredns.yaml', values });

describe('manifests/coredns.yaml', () => {
  it('takes its image, address, size and domain from the cluster', async () => {
    const byKind = new Map((await coredns()).map((object) => [object.kind, object]));
    expect(byKind.get('Deployment')).toMatchObject({
      spec: { replicas: 2, template: { spec: { containers: [{ image: 'example.test/dns:1' }] } } },
    });
    expect(byKind.get('Service')).toMatchObject({ spec: { clusterIP: '10.96.0.10' } });
    expect(byKind.get('ConfigMap')).toMatchObject({
      data: { Corefile: expect.stringContaining('kubernetes lab.test in-addr.arpa') },
    });
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
