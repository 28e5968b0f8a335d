import type { ClusterSpec, NodeSpec } from '../config/spec.js';

/** Network links that we, the CNI plugins or kube-proxy create. */
export const OWN_LINKS = /^(kd-|cni|veth|kube-)/;

/** TCP ports our components listen on, with the component's name. */
export function ownPorts(spec: ClusterSpec, node: NodeSpec): ReadonlyMap<number, string> {
  const ports = new Map<number, string>([
    [10250, 'kubelet'],
    [10248, 'kubelet'],
    [10249, 'kube-proxy'],
    [10256, 'kube-proxy'],
  ]);
  if (node.role === 'control-plane') {
    ports.set(2379, 'etcd').set(2380, 'etcd').set(spec.apiServer.port, 'kube-apiserver');
    ports.set(10257, 'kube-controller-manager').set(10259, 'kube-scheduler');
  }
  return ports;
}
