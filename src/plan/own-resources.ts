import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import type { NodeFacts } from '../facts/facts.js';
import { ownPortList } from '../node/ports.js';

/** Network links that we, the CNI plugins or kube-proxy create. */
export const OWN_LINKS = /^(kd-|cni|veth|kube-)/;

/** The link of the API address: our node unit makes it first of all, and no reboot leaves it. */
const API_LINK = 'kd-api';

/** Whether we were at work on it in this boot, which shows even where the marker that says so was removed. */
export function isOurs({ marker, links }: Pick<NodeFacts, 'marker' | 'links'>): boolean {
  return marker !== undefined || links.some(({ name }) => name === API_LINK);
}

/** TCP ports our components listen on, with the component's name. */
export function ownPorts(spec: ClusterSpec, node: NodeSpec): ReadonlyMap<number, string> {
  const own = ownPortList.filter(({ on }) => on === undefined || on === node.role);
  const ports = new Map<number, string>(own.map(({ port, owner }) => [port, owner]));
  if (node.role === 'control-plane') ports.set(spec.apiServer.port, 'kube-apiserver');
  return ports;
}
