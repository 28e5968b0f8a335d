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
  const networks = [...new Set(nodes.flatMap(({ network }) => network ?? []))];
  const links = networks.map((network) => ({ network, there: nodes.filter((node) => node.network === network) }));
  const [largest] = links.toSorted((one, other) => other.there.length - one.there.length);
  if (largest === undefined || links.length < 2) return [];
  const isAlone = largest.there.length === 1;
  return links
    .filter((link) => isAlone || link !== largest)
    .flatMap(({ network, there }) =>
      there.map(({ name, nodeIp }): [string, NodeFinding] => {
        const others = nodes.filter((node) => node.network !== network).map((node) => node.name);
        const message = `its node IP ${nodeIp} is in ${network}, on another link than ${others.join(', ')}`;
        const hint = 'set network.mode to vxlan, or nodeIp to an address on that link';
        return [name, { code: 'other-link', severity: 'error', message, hint }];
      }),
    );
}

function namesBeside(group: readonly NodeIdentity[], name: string): string {
  return group.flatMap((node) => (node.name === name ? [] : [node.name])).join(', ');
}
