import { namespaceOf, portOf } from './naming.js';
import type { LabPlan, NodePlan } from './plan.js';
import { nftIn, switchOf } from './plumbing.js';
import type { Disturbance, LinkShape, SshFault } from './traits.js';

/** Conntrack mark of an SSH connection that is to break. */
const BROKEN_MARK = '0x1ab';

/** Shell commands that put a disturbance into force and lift whatever was there before. */
export function disturbScript(lab: LabPlan, node: NodePlan, disturbance: Disturbance): string {
  const own = namespaceOf(lab.name, node.name);
  const ends = node.nics.flatMap((nic, n) => [
    { namespace: switchOf(lab), device: portOf(node.name, n) },
    { namespace: own, device: nic.device },
  ]);
  return [
    'set -e',
    ...ends.flatMap((end) => shapeEnd(end, disturbance.link)),
    ...breakSsh(own, node.traits.sshPort, disturbance.ssh),
    '',
  ].join('\n');
}

interface CableEnd {
  namespace: string;
  device: string;
}

/** netem is not in every kernel (not in the one this was written on); tbf and nft's random numbers are. */
function shapeEnd({ namespace, device }: CableEnd, shape: LinkShape): string[] {
  const table = `netdev lab-loss-${device.replace('.', '-')}`;
  const isShaped = shape.rate !== undefined || shape.loss !== undefined;
  return [
    // A dropped super-frame of 64 KiB would be forty losses in a row.
    `ip -n ${namespace} link set ${device} gso_max_segs ${isShaped ? 1 : 65535}`,
    `tc -n ${namespace} qdisc delete dev ${device} root 2>/dev/null || :`,
    ...(shape.rate === undefined ? [] : [tokenBucket({ namespace, device }, shape.rate)]),
    nftIn(namespace, [
      `table ${table}`,
      `delete table ${table}`,
      ...(shape.loss === undefined ? [] : lossTable(table, device, shape.loss)),
    ]),
  ];
}

/** Tokens for 4 ms as tc-tbf(8) asks for at a tick of 250 Hz, and at least for a few frames. */
function tokenBucket({ namespace, device }: CableEnd, rate: string): string {
  const factor = { k: 1e3, m: 1e6, g: 1e9 }[rate.slice(-4, -3)] ?? 1;
  const bytes = Math.max(16_384, Math.ceil((Number.parseInt(rate, 10) * factor) / 8 / 250));
  return `tc -n ${namespace} qdisc add dev ${device} root tbf rate ${rate} burst ${bytes} latency 200ms`;
}

function lossTable(table: string, device: string, loss: number): string[] {
  return [
    `table ${table} {`,
    '  chain ingress {',
    `    type filter hook ingress device "${device}" priority 0;`,
    `    numgen random mod 10000 < ${Math.round(loss * 10_000)} drop`,
    '  }',
    '}',
  ];
}

/** In the node's own namespace, as a firewall on the way would: sshd knows nothing of it. */
function breakSsh(namespace: string, port: number, fault: SshFault | undefined): string[] {
  const table = 'inet lab-ssh-fault';
  const clear = [`table ${table}`, `delete table ${table}`];
  if (fault === undefined) return [nftIn(namespace, clear)];
  const verdict = fault.how === 'reset' ? 'reject with tcp reset' : 'drop';
  // One token a day: the burst is the number of connections that break.
  const budget = fault.connections === undefined ? '' : `limit rate 1/day burst ${fault.connections} packets`;
  return [
    `ip netns exec ${namespace} sysctl -q net.netfilter.nf_conntrack_acct=1`,
    nftIn(namespace, [
      ...clear,
      `table ${table} {`,
      '  chain input {',
      '    type filter hook input priority -100;',
      `    tcp dport ${port} ct mark 0 ct original bytes > ${fault.afterBytes} ${budget} ct mark set ${BROKEN_MARK}`,
      `    ct mark ${BROKEN_MARK} ${verdict}`,
      '  }',
      '  chain output {',
      '    type filter hook output priority -100;',
      `    ct mark ${BROKEN_MARK} ${verdict}`,
      '  }',
      '}',
    ]),
  ];
}
