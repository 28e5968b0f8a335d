import { expect, it } from 'vitest';
import type { UpgradeRecord } from '../../src/config/upgrade-stages.js';
import { upgradeLines } from '../../src/ui/upgrade-view.js';
import { sampleNode, sampleSpec } from '../helpers/sample-facts.js';

const spec = sampleSpec({ nodes: [sampleNode({ name: 's4' }), sampleNode({ name: 's7', role: 'worker' })] });
const from = { kubernetes: '1.36.5', etcd: '3.6.16', cni: '1.10.0', sandboxImage: 'pause:1', dnsImage: 'dns:1' };
const to = { ...from, kubernetes: '1.37.2', etcd: '3.7.3', dnsImage: 'dns:2' };
const upgrade: UpgradeRecord = { from, to, stage: 'etcd', nodesAtOnce: 1 };

it('says what an upgrade would do', () => {
  expect(upgradeLines({ spec, upgrade, isBegun: false })).toEqual([
    'cluster default would go from Kubernetes 1.36.5 (etcd 3.6.16) to 1.37.2 (etcd 3.7.3)',
    '  first a run of up, and a snapshot',
    '  1. etcd, one control plane after the other: s4',
    '  2. kube-apiserver, one control plane after the other: s4',
    '  3. kube-controller-manager and kube-scheduler: s4',
    '  4. kubelet, kube-proxy and CNI plugins: s4, s7, 1 node at a time',
    '  5. cluster DNS: dns:1 to dns:2',
  ]);
});

it('says what is left of one that was begun, and that a patch release needs no drain', () => {
  const patch = { ...upgrade, to: { ...from, kubernetes: '1.36.6' }, stage: 'nodes' as const };
  expect(upgradeLines({ spec, upgrade: patch, isBegun: true })).toEqual([
    'cluster default goes on from Kubernetes 1.36.5 (etcd 3.6.16) to 1.36.6 (etcd 3.6.16)',
    '  1. kubelet, kube-proxy and CNI plugins: s4, s7, not drained for a patch release',
  ]);
});
