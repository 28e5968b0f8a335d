import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import { ownPortList } from '../node/ports.js';

/** Network links that we, the CNI plugins or kube-proxy create. */
export const OWN_LINKS = /^(kd-|cni|veth|kube-)/;

/** TCP ports our components listen on, with the component's name. */
export function ownPorts(spec: ClusterSpec, node: NodeSpec): ReadonlyMap<number, string> {
  const own = ownPortList.filter(({ on }) => on === undefined || on === node.role);
  const ports = new Map<number, string>(own.map(({ port, owner }) => [port, owner]));
  if (node.role === 'control-plane') ports.set(spec.apiServer.port, 'kube-apiserver');
  return ports;
}
