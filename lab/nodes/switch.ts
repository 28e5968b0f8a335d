import { runCommand } from '../build/run-command.js';
import { OPERATOR } from './partition.js';
import { type LabPlan, routerAddress, subnetOf } from './plan.js';
import { bridgeOf, routerOf, switchOf } from './plumbing.js';
import { SEGMENTS } from './traits.js';

/** The lab's own wires: a bridge per segment in a namespace, a cable to the operator, a router where one is wanted. */
export async function buildSwitch(lab: LabPlan): Promise<void> {
  await runScript([...switchScript(lab), ...(lab.hasRouter ? routerScript(lab) : [])].join('\n'));
}

export async function runScript(script: string): Promise<void> {
  await runCommand({ command: 'sh', args: ['-c', script] });
}

function switchScript(lab: LabPlan): string[] {
  const inner = switchOf(lab);
  const { link, address } = lab.operator;
  return [
    'set -e',
    `ip netns add ${inner}`,
    ...SEGMENTS.map(
      (segment) => `ip -n ${inner} link add ${bridgeOf(segment)} type bridge forward_delay 0 mcast_snooping 0`,
    ),
    ...SEGMENTS.map((segment) => `ip -n ${inner} link set ${bridgeOf(segment)} up`),
    `ip link add ${link} type veth peer name ${OPERATOR} netns ${inner}`,
    `ip -n ${inner} link set ${OPERATOR} master ${bridgeOf('main')} up`,
    // What a node sends ends here, also on a machine that forwards for others.
    `sysctl -q net.ipv4.conf.${link}.forwarding=0 net.ipv6.conf.${link}.disable_ipv6=1`,
    `ip address add ${address}/24 dev ${link}`,
    `ip link set ${link} up`,
  ];
}

/** It knows the two subnets and nothing else, so pod addresses never pass it. */
function routerScript(lab: LabPlan): string[] {
  const own = routerOf(lab);
  const cables = (['main', 'far'] as const).flatMap((segment) => [
    `ip -n ${switchOf(lab)} link add router-${segment} type veth peer name ${segment} netns ${own}`,
    `ip -n ${switchOf(lab)} link set router-${segment} master ${bridgeOf(segment)} up`,
    `ip -n ${own} address add ${routerAddress(lab, segment)}/24 dev ${segment}`,
    `ip -n ${own} link set ${segment} up`,
  ]);
  return [
    `ip netns add ${own}`,
    `ip netns exec ${own} sysctl -q net.ipv4.ip_forward=1`,
    ...cables,
    `ip route add ${subnetOf(lab, 'far')} via ${routerAddress(lab, 'main')} dev ${lab.operator.link}`,
  ];
}
