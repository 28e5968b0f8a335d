import type { ComponentId } from './desired.js';

export interface OwnPort {
  port: number;
  owner: ComponentId;
  /** Only there; absent: on every node. */
  on?: 'control-plane';
}

/** TCP ports our components listen on, beside kube-apiserver's, which is configurable. */
export const OWN_PORTS = {
  etcdClient: { port: 2379, owner: 'etcd', on: 'control-plane' },
  etcdPeer: { port: 2380, owner: 'etcd', on: 'control-plane' },
  etcdMetrics: { port: 2381, owner: 'etcd', on: 'control-plane' },
  kubelet: { port: 10250, owner: 'kubelet' },
  kubeletHealth: { port: 10248, owner: 'kubelet' },
  kubeProxyMetrics: { port: 10249, owner: 'kube-proxy' },
  kubeProxyHealth: { port: 10256, owner: 'kube-proxy' },
  kubeControllerManager: { port: 10257, owner: 'kube-controller-manager', on: 'control-plane' },
  kubeScheduler: { port: 10259, owner: 'kube-scheduler', on: 'control-plane' },
} as const satisfies Record<string, OwnPort>;

export const ownPortList: readonly OwnPort[] = Object.values(OWN_PORTS);
