import { labPrefix, namespaceOf, portOf } from './naming.js';
import { type LabPlan, type NodePlan, routerAddress, subnetOf } from './plan.js';
import type { Segment } from './traits.js';

/** Bridge of a segment in the switch namespace. */
export function bridgeOf(segment: Segment): string {
  return `br-${segment}`;
}

/**
 * Shell commands that give a node about to boot its network namespace, cables and addresses.
 * Everything is new at each boot: routes, interfaces and firewall rules of the last one must not survive.
 */
export function plugScript(lab: LabPlan, node: NodePlan): string {
  const own = namespaceOf(lab.name, node.name);
  const lines = [unplugScript(lab, node), 'set -e', `ip netns add ${own}`, `ip -n ${own} link set lo up`];
  node.nics.forEach((nic, n) => {
    const port = portOf(node.name, n);
    lines.push(
      `ip -n ${switchOf(lab)} link add ${port} mtu ${node.traits.mtu} type veth \\`,
      `  peer name ${nic.device} address ${nic.mac} mtu ${node.traits.mtu} netns ${own}`,
      `ip -n ${switchOf(lab)} link set ${port} master ${bridgeOf(nic.segment)} up`,
      `ip -n ${own} link set ${nic.device} up`,
      `ip -n ${own} address add ${nic.address}/24 dev ${nic.device}`,
    );
  });
  const beyond = routeBeyond(lab, node);
  if (beyond !== undefined) lines.push(`ip -n ${own} route add ${beyond}`);
  return `${lines.join('\n')}\n`;
}

/** Removing our end of a cable removes the node's end too, at once, while a namespace goes in its own time. */
export function unplugScript(lab: LabPlan, node: NodePlan): string {
  const own = namespaceOf(lab.name, node.name);
  const cables = node.nics.map((_, n) => `ip -n ${switchOf(lab)} link delete ${portOf(node.name, n)} 2>/dev/null`);
  return [...cables, `ip netns delete ${own} 2>/dev/null`, ':'].join('\n');
}

/** Pulls the plug without touching the node: its peers see silence, not the FIN and RST of dying processes. */
export function cutScript(lab: LabPlan, node: NodePlan): string {
  return node.nics.map((_, n) => `ip -n ${switchOf(lab)} link set ${portOf(node.name, n)} down`).join('\n');
}

/** There is no default route: a node knows its own subnets, and the other side of the router if there is one. */
function routeBeyond(lab: LabPlan, node: NodePlan): string | undefined {
  const segment = node.nics[0]?.segment;
  if (!lab.hasRouter || (segment !== 'main' && segment !== 'far')) return undefined;
  const other = segment === 'main' ? 'far' : 'main';
  return `${subnetOf(lab, other)} via ${routerAddress(lab, segment)}`;
}

export function switchOf(lab: Pick<LabPlan, 'name'>): string {
  return namespaceOf(lab.name, 'switch');
}

export function routerOf(lab: Pick<LabPlan, 'name'>): string {
  return `${labPrefix(lab.name)}router`;
}

/** Shell command that loads rules in a namespace, all of them or none. */
export function nftIn(namespace: string, rules: readonly string[]): string {
  return `ip netns exec ${namespace} nft -f - <<'END'\n${rules.join('\n')}\nEND`;
}
