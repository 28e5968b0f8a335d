import { ECHO_HEADERS } from '../bench/measure/network/mtu.js';
import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import { waysOf } from '../reconcile/network-ways.js';
import type { CheckId } from './checks.js';
import { NAMESPACE, PORT } from './manifests.js';

/** Where questions are asked from: the node itself, its pod, or a second one that asks the first. */
export type Place = 'node' | 'pod' | 'peer';

/** A node of the record on which our pods run. */
export interface SiteNode {
  spec: NodeSpec;
  /** Its own. */
  address: string;
  /** Of its pod, and of the service in front of that. */
  name: string;
  pod: { address: string; mtu: number };
  service: { clusterIp: string; nodePort: number };
}

/** One thing that is asked of the network. */
export interface Ask {
  check: CheckId;
  from: string;
  place: Place;
  to?: string;
  /** As the node's script has it. */
  word: string;
  /** The way in words, e.g. `the pod of s6 (10.244.2.5:20571)`. */
  what: string;
}

export interface AsksOptions {
  spec: ClusterSpec;
  /** Always in the same order. */
  nodes: readonly SiteNode[];
  /** A name outside of the cluster that pods have to be able to resolve. */
  outside?: string | undefined;
}

/** All that is asked, from every node and from within its pods. Pure. */
export function asksOf(options: AsksOptions): Ask[] {
  return options.nodes.flatMap((node, index) => [
    ...nodeWays(options, node),
    ...podWays(options.nodes, node),
    ...serviceWays(options.nodes, node, index),
    ...dnsWays(options, node),
  ]);
}

function nodeWays({ spec, nodes }: AsksOptions, { spec: node }: SiteNode): Ask[] {
  const ready = nodes.map((each) => each.spec);
  return waysOf({ spec, node, ready, dns: spec.addons.dns.enabled }).map(({ word, what, to }) => ({
    check: 'node-ways',
    from: node.name,
    place: 'node',
    word,
    what,
    ...(to !== undefined && { to }),
  }));
}

/** The second pod of a node asks its first one. */
function podWays(nodes: readonly SiteNode[], { spec: { name: from }, pod: own }: SiteNode): Ask[] {
  return nodes.flatMap(({ spec: { name: to }, pod: { address } }): Ask[] => {
    const place = from === to ? 'peer' : 'pod';
    const what = `the pod of ${to} (${address})`;
    return [
      { check: 'pod-to-pod', from, place, to, word: `open=${address}:${PORT}`, what },
      { check: 'large-packets', from, place, to, word: `whole=${address},${own.mtu - ECHO_HEADERS}`, what },
    ];
  });
}

function serviceWays(nodes: readonly SiteNode[], { spec: { name: from } }: SiteNode, own: number): Ask[] {
  return nodes.flatMap((target, index): Ask[] => {
    const to = target.spec.name;
    const { clusterIp } = target.service;
    const service = { to, word: `open=${clusterIp}:${PORT}`, what: `the service ${clusterIp} of the pod of ${to}` };
    // The pod is another one than that of the node that is asked, so that the answer goes a long way.
    const behind = nodes[(index + 1) % nodes.length] ?? target;
    const port = `${target.address}:${behind.service.nodePort}`;
    const nodePort = {
      to,
      word: `open=${port}`,
      what: `the port of ${to} (${port}) for the pod of ${behind.spec.name}`,
    };
    return [
      { check: index === own ? 'hairpin' : 'services', from, place: 'pod', ...service },
      { check: 'services', from, place: 'node', ...service },
      { check: 'node-ports', from, place: 'pod', ...nodePort },
      { check: 'node-ports', from, place: 'node', ...nodePort },
    ];
  });
}

function dnsWays({ spec, outside }: AsksOptions, { spec: { name: from }, name, service }: SiteNode): Ask[] {
  if (!spec.addons.dns.enabled) return [];
  const { dnsAddress, clusterDomain } = spec.network;
  const ask = (check: CheckId, host: string, answer: string): Ask => ({
    check,
    from,
    place: 'pod',
    word: `dns=${dnsAddress},${host},${answer}`,
    what: `${host} at the cluster DNS (${dnsAddress})`,
  });
  return [
    ask('dns', `${name}.${NAMESPACE}.svc.${clusterDomain}`, service.clusterIp),
    ...(outside === undefined ? [] : [ask('dns-outside', outside, '*')]),
  ];
}
