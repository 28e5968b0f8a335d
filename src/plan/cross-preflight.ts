import { cidrContains } from '../config/cidr.js';
import type { NetworkSpec } from '../config/spec.js';
import type { NodeFinding } from './finding.js';

export interface NodeIdentity {
  name: string;
  nodeIp: string;
  hostname: string;
  bootId: string;
  /** The network that its link is in, e.g. `10.0.0.0/24`; undefined where the facts do not tell. */
  network?: string;
}

/**
 * What is wrong between nodes: the same machine under two names, one address twice, or links that packets of pods do not
 * get across. Keyed by node name.
 */
export function crossPreflight(
  nodes: readonly NodeIdentity[],
  { mode }: Pick<NetworkSpec, 'mode'>,
): Map<string, NodeFinding[]> {
  const findings = new Map<string, NodeFinding[]>();
  const report = (name: string, finding: NodeFinding): void => {
    findings.set(name, [...(findings.get(name) ?? []), finding]);
  };
  const groups = (key: (node: NodeIdentity) => string): NodeIdentity[][] => {
    const byKey = new Map<string, NodeIdentity[]>();
    for (const node of nodes) {
      const value = key(node);
      if (value !== '') byKey.set(value, [...(byKey.get(value) ?? []), node]);
    }
    return [...byKey.values()].filter((group) => group.length > 1);
  };
  for (const group of groups((node) => node.bootId)) {
    for (const { name } of group) {
      const others = namesBeside(group, name);
      const hint = 'two names lead to one machine: check the addresses and ~/.ssh/config';
      report(name, { code: 'same-machine', severity: 'error', message: `it is the same machine as ${others}`, hint });
    }
  }
  for (const group of groups((node) => node.nodeIp)) {
    for (const { name, nodeIp } of group) {
      const message = `its node IP ${nodeIp} is also that of ${namesBeside(group, name)}`;
      report(name, { code: 'duplicate-address', severity: 'error', message, hint: 'set nodeIp in the config file' });
    }
  }
  for (const group of groups((node) => (/^localhost\b/.test(node.hostname) ? '' : node.hostname))) {
    for (const { name, hostname } of group) {
      const message = `its host name ${hostname} is also that of ${namesBeside(group, name)}`;
      // Nodes are registered by their names on the list: live images are all called the same.
      report(name, { code: 'duplicate-hostname', severity: 'warning', message });
    }
  }
  if (mode === 'routed') for (const [name, finding] of onOtherLinks(nodes)) report(name, finding);
  return findings;
}

/** Routes to pods lead to nodes as next hops, which there are only on the same link: that which most nodes are on. */
function onOtherLinks(nodes: readonly NodeIdentity[]): [string, NodeFinding][] {
  const known = nodes.filter((node) => node.network !== undefined);
  const beside = (node: NodeIdentity): NodeIdentity[] => known.filter((other) => isBeside(node, other));
  const [center] = known.toSorted((one, other) => beside(other).length - beside(one).length);
  if (center === undefined) return [];
  const link = beside(center);
  // Where no two are on one link, none of them is the one that is wrong.
  const wrong = link.length > 1 || known.length === 1 ? known.filter((node) => !link.includes(node)) : known;
  return wrong.map((node): [string, NodeFinding] => {
    const others = known.filter((other) => !isBeside(node, other)).map(({ name }) => name);
    const message = `its node IP ${node.nodeIp} is in ${node.network}, on another link than ${others.join(', ')}`;
    const hint = 'set network.mode to vxlan, or nodeIp to an address on that link';
    return [node.name, { code: 'other-link', severity: 'error', message, hint }];
  });
}

/** Each has the other in the network of its own link, however long the prefix that it was given. */
function isBeside(one: NodeIdentity, other: NodeIdentity): boolean {
  return cidrContains(one.network ?? '', other.nodeIp) && cidrContains(other.network ?? '', one.nodeIp);
}

function namesBeside(group: readonly NodeIdentity[], name: string): string {
  return group.flatMap((node) => (node.name === name ? [] : [node.name])).join(', ');
}
