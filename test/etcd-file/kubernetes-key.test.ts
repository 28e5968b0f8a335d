import { expect, it } from 'vitest';
import { isLasting, namespaceOf, resourceOf } from '../../src/etcd-file/kubernetes-key.js';

it.each([
  ['/registry/pods/default/web', 'pods'],
  ['/registry/namespaces/default', 'namespaces'],
  ['/registry/minions/n1', 'nodes'],
  ['/registry/controllers/default/web', 'replicationcontrollers'],
  ['/registry/ingress/default/web', 'ingresses'],
  ['/registry/services/specs/default/web', 'services'],
  ['/registry/services/endpoints/default/web', 'endpoints'],
  ['/registry/deployments/default/web', 'deployments'],
  ['/registry/apiregistration.k8s.io/apiservices/v1.apps', 'apiservices.apiregistration.k8s.io'],
  ['/registry/cert-manager.io/certificates/shop/web', 'certificates.cert-manager.io'],
  ['/registry/events/default/web.1', 'events'],
  ['/registry/leases/kube-system/kube-scheduler', 'leases'],
])('%s is one of the %s', (key, resource) => expect(resourceOf(key)).toBe(resource));

it.each([
  '/registry/masterleases/10.0.0.1',
  '/registry/peerserverleases/apiserver-1',
  '/registry/ranges/serviceips',
  '/registry/services/other/default/web',
  '/registry/pods',
  '/registry/pods/',
  '/registry/cert-manager.io/certificates',
  '/registry',
  '/other/pods/default/web',
  'compact_rev_key',
  '',
])('%j is no object', (key) => expect(resourceOf(key)).toBeUndefined());

it('leaves out of the total what comes and goes by itself', () => {
  expect(['pods', 'events', 'leases', 'storageversions', 'leases.example.com'].filter(isLasting)).toEqual([
    'pods',
    'leases.example.com',
  ]);
});

it.each([
  ['/registry/pods/default/web', 'default'],
  ['/registry/services/specs/kube-system/kube-dns', 'kube-system'],
  ['/registry/services/endpoints/default/kubernetes', 'default'],
  ['/registry/cert-manager.io/certificates/web/tls', 'web'],
  ['/registry/leases/kube-node-lease/s4', 'kube-node-lease'],
  ['/registry/namespaces/default', undefined],
  ['/registry/minions/s4', undefined],
  ['/registry/clusterroles/system:node', undefined],
  ['/registry/apiextensions.k8s.io/customresourcedefinitions/certificates.cert-manager.io', undefined],
  ['/registry/cert-manager.io/clusterissuers/own', undefined],
  ['/registry/masterleases/10.0.0.4', undefined],
  ['/registry/ranges/serviceips', undefined],
  ['compact_rev_key', undefined],
])('the namespace in %s', (key, namespace) => {
  expect(namespaceOf(key)).toBe(namespace);
});
