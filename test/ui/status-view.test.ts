import { expect, it } from 'vitest';
import type { ClusterStatus } from '../../src/cluster/cluster-status.js';
import { statusLines } from '../../src/ui/status-view.js';

const NOW = new Date('2026-11-30T12:00:00Z');
const NODE = { down: [], kernel: [], putBack: 0, kubelet: 'v1.37.2' };
const STATUS: ClusterStatus = {
  cluster: 'default',
  kubernetes: '1.37.2',
  etcd: '3.7.3',
  incarnation: 2,
  members: [{ name: 's4', isLearner: false, isLeader: true, databaseBytes: 2_500_000, errors: [] }],
  nodes: [
    { name: 's4', role: 'control-plane', ...NODE },
    { name: 's5', role: 'worker', ...NODE },
  ],
  snapshot: { id: '2-4711', objects: 261, takenAt: new Date('2026-11-30T11:57:00Z') },
  copies: {
    to: '/mnt/backup',
    newest: { id: '2-4711', takenAt: new Date('2026-11-30T11:57:00Z') },
    failure: undefined,
  },
  strays: [],
  authorities: [{ id: 'kubernetes', ends: new Date('2036-11-30T12:00:00Z') }],
};
const shown = (status: ClusterStatus): string => `${statusLines({ status, now: NOW, width: 80 }).join('\n')}\n`;
const golden = (name: string): string => `../golden/ui/${name}.txt`;

it('a cluster in the middle of an upgrade', () => {
  const versions = { kubernetes: '1.36.5', etcd: '3.6.16', cni: '1.10.0', sandboxImage: 'pause:1', dnsImage: 'dns:1' };
  const upgrade = {
    from: versions,
    to: { ...versions, kubernetes: '1.37.2' },
    stage: 'nodes' as const,
    nodesAtOnce: 1,
  };
  expect(shown({ ...STATUS, upgrade }).replaceAll(/\s+/g, ' ')).toContain(
    'an upgrade from Kubernetes 1.36.5 to 1.37.2 is not finished, next is kubelet, kube-proxy and CNI plugins: upgrade or up goes on',
  );
});
it('a cluster that is well', () => expect(shown(STATUS)).toMatchFileSnapshot(golden('status-well')));

it('copies of data that went are named', () => {
  const strays = [{ id: '1-4700-s5', objects: 250, takenAt: new Date('2026-11-30T11:00:00Z') }];
  expect(shown({ ...STATUS, strays })).toContain(
    'strays, copies of data that went: 1-4700-s5 (60 min old, 250 objects)',
  );
});

it('a cluster that is not: what is wrong comes last, with what to do', () => {
  const nodes: ClusterStatus['nodes'] = [
    { name: 's4', role: 'control-plane', ...NODE, putBack: 3, kernel: ['route to 10.244.1.0/24 is missing'] },
    { name: 's5', role: 'worker', ...NODE, rebooted: true, notReady: 'it is not Ready' },
    { name: 's6', role: 'worker', down: [], kernel: [], putBack: 0, unreached: 'it does not answer on port 22' },
  ];
  const ends = new Date('2026-12-24T12:00:00Z');
  const failure = { at: new Date('2026-11-30T11:58:00Z'), message: 'sh did not take the copy: it ended with 1' };
  const copies = { to: ['sh', '-c', 'cat > /mnt/x'], newest: undefined, failure };
  return expect(shown({ ...STATUS, copies, nodes, authorities: [{ id: 'etcd', ends }] })).toMatchFileSnapshot(
    golden('status-ill'),
  );
});
