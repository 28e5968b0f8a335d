import { shellQuote } from '../../ssh/quote.js';
import type { NodeEnvironment } from '../record/environment-schema.js';
import type { BenchNode } from './bench-node.js';

/** What the environment tells of a node, one `key=value` a line; what a machine does not know stays away. */
const SCRIPT = `
shopt -s nullglob
address=$1
link=$(ip -o -4 addr show to "$address" | { read -r _ name _; echo "$name"; })
say() { [[ -n $2 ]] && printf '%s=%s\\n' "$1" "$2"; }
. /etc/os-release
say os "$PRETTY_NAME"
say kernel "$(uname -r)"
say arch "$(uname -m)"
while IFS=: read -r key value; do
  [[ $key == 'model name'* || $key == 'Model'* ]] && { say cpu "\${value# }"; break; }
done </proc/cpuinfo
say cores "$(nproc)"
say governor "$(cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor 2>/dev/null)"
for file in /sys/devices/system/cpu/vulnerabilities/*; do
  [[ $(<"$file") == Mitigation* ]] && say mitigation "\${file##*/}"
done
while read -r key value _; do [[ $key == MemTotal: ]] && say memory "$value"; done </proc/meminfo
say nic "$link"
say mtu "$(cat /sys/class/net/$link/mtu)"
say speed "$(cat /sys/class/net/$link/speed 2>/dev/null)"
[[ -e /sys/class/net/$link/device ]] && say physical yes
ethtool -i "$link" 2>/dev/null | while IFS=: read -r key value; do
  case $key in driver) say driver "\${value# }" ;; firmware-version) say firmware "\${value# }" ;; esac
done
ethtool -k "$link" 2>/dev/null | while read -r key value _; do [[ $value == on ]] && say offload "\${key%:}"; done
read -ra words <<<"$(ip -o link show dev "$link")"
for ((i = 0; i < \${#words[@]}; i++)); do [[ \${words[i]} == qdisc ]] && say qdisc "\${words[i + 1]}"; done
exit 0
`;

type NodeFacts = Omit<NodeEnvironment, 'podMtu'>;

/** Reads one node's identity over SSH. */
export async function readNodeFacts(node: BenchNode, signal: AbortSignal): Promise<NodeFacts> {
  const { stdout } = await node.session.exec(`bash -s -- ${shellQuote(node.address)}`, {
    label: 'read the environment',
    root: true,
    input: SCRIPT,
    timeoutMs: 20_000,
    signal,
  });
  return nodeFacts(node, stdout);
}

/** @param text What the script printed */
export function nodeFacts(
  node: Pick<BenchNode, 'name' | 'role' | 'schedulable' | 'bootId' | 'object'>,
  text: string,
): NodeFacts {
  const pairs = text
    .split('\n')
    .map((line): [string, string] => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')]);
  const all = (key: string): string[] => pairs.filter(([name]) => name === key).map(([, value]) => value.trim());
  const one = (key: string): string | null => all(key)[0] || null;
  const number = (key: string): number => Number(one(key) ?? 0);
  const physical = one('physical') !== null;
  const { name, role, schedulable, bootId, object } = node;
  const info = object.status?.nodeInfo;
  return {
    name,
    role,
    schedulable,
    bootId,
    os: one('os') ?? 'unknown',
    kernel: one('kernel') ?? 'unknown',
    arch: one('arch') ?? 'unknown',
    cpu: {
      model: one('cpu') ?? 'unknown',
      cores: Math.max(1, number('cores')),
      governor: one('governor'),
      mitigations: all('mitigation'),
    },
    memoryBytes: number('memory') * 1024,
    kubelet: info?.kubeletVersion ?? 'unknown',
    containerRuntime: info?.containerRuntimeVersion ?? 'unknown',
    nic: {
      name: one('nic') ?? 'unknown',
      driver: one('driver') ?? 'unknown',
      firmware: one('firmware'),
      kind: physical ? 'physical' : 'virtual',
      // The kernel says -1 where a link has no speed.
      bitsPerSecond: number('speed') > 0 ? number('speed') * 1e6 : null,
      mtu: number('mtu'),
      qdisc: one('qdisc') ?? 'unknown',
      offloads: all('offload'),
    },
  };
}
