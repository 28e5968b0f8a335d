import { describe, expect, it } from 'vitest';
import {
  type ClusterStatus,
  type MemberStatus,
  type NodeStatus,
  problemsOf,
} from '../../src/cluster/cluster-status.js';

const NOW = new Date('2026-11-30T12:00:00Z');

const sampleNodeStatus = (changes: Partial<NodeStatus> = {}): NodeStatus => ({
  name: 's4',
  role: 'control-plane',
  down: [],
  kernel: [],
  putBack: 0,
  kubelet: 'v1.37.2',
  ...changes,
});
const member = (changes: Partial<MemberStatus> = {}): MemberStatus => ({
  name: 's4',
  isLearner: false,
  isLeader: true,
  errors: [],
  ...changes,
});
const status = (changes: Partial<ClusterStatus> = {}): ClusterStatus => ({
  cluster: 'default',
  kubernetes: '1.37.2',
  etcd: '3.7.3',
  incarnation: 1,
  members: [member()],
  nodes: [sampleNodeStatus()],
  strays: [],
  snapshot: { id: '2-4711', objects: 261, takenAt: new Date('2026-11-30T11:57:00Z') },
  copies: undefined,
  authorities: [{ id: 'kubernetes', ends: new Date('2036-11-30T12:00:00Z') }],
  ...changes,
});
const messages = (changes: Partial<ClusterStatus>): string[] =>
  problemsOf(status(changes), NOW).map(({ message }) => message);

describe('what is wrong with a cluster', () => {
  it('is nothing where all is as it should be', () => {
    expect(problemsOf(status(), NOW)).toEqual([]);
  });

  it.each<[Partial<ClusterStatus>, string]>([
    [{ noQuorum: 'no etcd member of s4 answers' }, 'etcd: no quorum answers: no etcd member of s4 answers'],
    [{ apiSilent: 'connection refused' }, 'no kube-apiserver answers: connection refused'],
    [{ members: [member({ silent: 'connection refused' })] }, 'etcd: s4 does not answer: connection refused'],
    [{ members: [member({ isLearner: true })] }, 'etcd: s4 is a learner, which has no vote yet'],
    [{ members: [member({ errors: ['NOSPACE'] })] }, 'etcd: s4: NOSPACE'],
    [{ nodes: [sampleNodeStatus({ down: ['kubelet', 'kube-proxy'] })] }, 's4: kubelet, kube-proxy do not run'],
    [{ nodes: [sampleNodeStatus({ kernel: ['link cni0 is down'] })] }, 's4: link cni0 is down'],
    [{ nodes: [sampleNodeStatus({ notReady: 'it is not Ready' })] }, 's4: it is not Ready'],
    [{ snapshot: undefined }, 'no snapshot is kept: what is in the cluster is gone when its control planes lose power'],
    [
      { copies: { to: '/backup', newest: { id: '2-4700', takenAt: NOW }, failure: undefined } },
      'the snapshot 2-4711 was not copied yet',
    ],
    [
      { copies: { to: ['rclone', 'rcat'], newest: undefined, failure: { at: NOW, message: 'rclone ended with 1' } } },
      'not all snapshots were copied: rclone ended with 1',
    ],
    [{ authorities: [{ id: 'etcd', ends: new Date('2027-01-10T13:00:00Z') }] }, 'the etcd CA ends in 41 days'],
    [{ authorities: [{ id: 'etcd', ends: new Date('2026-11-29T12:00:00Z') }] }, 'the etcd CA has ended'],
  ])('names it: %j', (changes, message) => {
    expect(messages(changes)).toEqual([message]);
  });

  it('says of a node that cannot be looked at, or was rebooted, only that', () => {
    const lost = { down: ['etcd'], kernel: ['link cni0 is missing'], notReady: 'it is not Ready' };
    expect(messages({ nodes: [sampleNodeStatus({ ...lost, unreached: 'no answer' })] })).toEqual([
      's4 cannot be looked at: no answer',
    ]);
    expect(messages({ nodes: [sampleNodeStatus({ ...lost, rebooted: true })] })).toEqual([
      's4 was rebooted since the last up, and has nothing of the cluster',
    ]);
  });
});
