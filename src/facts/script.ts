import { PATHS } from '../node/paths.js';

/** Tools whose presence changes what we generate or how files travel. */
const TOOLS = [
  'tar',
  'zstd',
  'gzip',
  'curl',
  'ip',
  'nft',
  'iptables',
  'ipset',
  'conntrack',
  'modprobe',
  'restorecon',
  'sha256sum',
  'ctr',
  'systemctl',
];

/** Kernel features by the module that brings them: present when built in, loaded, or loadable. */
const FEATURES = ['overlay', 'br_netfilter', 'nf_conntrack', 'vxlan', 'ip_vs'];

export interface FactsScriptOptions {
  /** Units whose state is wanted. */
  units: readonly string[];
}

/**
 * One bash script that prints everything we want to know in sections `@@name`, so that facts cost one round trip.
 * It changes nothing on the node. Forks are counted: it runs on every node at every `up`.
 */
export function factsScript(options: FactsScriptOptions): string {
  return `export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${PATHS.bin}
section() { printf '\\n@@%s\\n' "$1"; }
show() { [ -r "$1" ] && printf '%s' "$(<"$1")"; }
section started; date +%s.%N
section boot-id; show /proc/sys/kernel/random/boot_id
section machine-id; show /etc/machine-id
section uname; uname -n -r -m
section os-release; show /etc/os-release
section meminfo; show /proc/meminfo
section swaps; show /proc/swaps
section filesystems; show /proc/filesystems
section mountinfo; show /proc/self/mountinfo
section disk
for path in / /opt /etc /var /run; do
  [ -e "$path" ] && df -B1 --output=target,fstype,size,avail,itotal,iavail "$path" | { read -r _; IFS= read -r line; printf '%s %s\\n' "$path" "$line"; }
done
section addresses; ip -o addr show
section links; ip -o link show
section routes; ip -4 route show table main
section ssh
pid=$$
for _ in 1 2 3 4 5 6; do
  while IFS= read -r -d '' entry; do
    case $entry in SSH_CONNECTION=*) printf '%s' "\${entry#SSH_CONNECTION=}"; break 2;; esac
  done 2>/dev/null </proc/$pid/environ
  read -r _ _ _ pid _ 2>/dev/null < <(sed 's/(.*)/x/' /proc/$pid/stat) || break
done
section resolv
for file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
  [ -r "$file" ] && { printf '%s\\n' "$file"; show "$file"; break; }
done
# systemd-timesyncd says so by a file, chrony when asked; timedatectl would start a service for it.
section synchronized
if [ -e /run/systemd/timesync/synchronized ]; then printf yes
elif command -v chronyc >/dev/null; then case $(timeout 1 chronyc -c tracking 2>/dev/null) in *,Normal) printf yes ;; esac; fi
section cgroup; stat -f -c %T /sys/fs/cgroup
section selinux; show /sys/fs/selinux/enforce
section capabilities; while read -r key value; do [ "$key" = CapEff: ] && printf '%s' "$value"; done </proc/self/status
# Only the initial network namespace has this one, and may write conntrack's: the same before their module is loaded.
section conntrack; [ -w /proc/sys/net/core/netdev_max_backlog ] && printf yes
section tools; for tool in ${TOOLS.join(' ')}; do command -v "$tool" >/dev/null && printf '%s\\n' "$tool"; done
section features
for feature in ${FEATURES.join(' ')}; do
  { [ -d "/sys/module/$feature" ] || modprobe -n -q "$feature"; } 2>/dev/null && printf '%s\\n' "$feature"
done
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] && echo br_netfilter
[ -e /proc/sys/net/netfilter/nf_conntrack_max ] && echo nf_conntrack
[ -e /proc/net/ip_vs ] && echo ip_vs
section containerd-version; command -v containerd >/dev/null && containerd --version
section units; systemctl show -p Id,ActiveState,SubState -- ${options.units.join(' ')} containerd.service
section images
[ -S /run/containerd/containerd.sock ] && timeout 2 ctr -n k8s.io images ls -q 2>/dev/null && section images-listed
section listeners; ss -Hltnp
section etcd-data; [ -d ${PATHS.etcdData}/member ] && echo present
section etcd-marker; show ${PATHS.etcdData}/k8s-diskless
section marker-cluster; show ${PATHS.marker}/cluster
section marker-files
if [ -r ${PATHS.marker}/files ]; then
  show ${PATHS.marker}/files
  section marker-stat
  cut -d ' ' -f 5- ${PATHS.marker}/files | sort -u | tr '\\n' '\\0' | xargs -0r stat -c '%a %s:%i:%.9Y:%.9Z %n' 2>/dev/null
fi
section marker-units
for unit in ${PATHS.marker}/units/*; do [ -f "$unit" ] && printf '%s %s\\n' "\${unit##*/}" "$(<"$unit")"; done
section marker-images; show ${PATHS.marker}/images
section finished; date +%s.%N
`;
}
