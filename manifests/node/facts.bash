#!/bin/bash
# Prints all that `up` wants to know of a node, in sections that begin with a line `@@NAME`. Changes nothing.
#
#   facts BIN ETCD_DATA MARKER [UNIT...]   where our binaries, the data of etcd and our marker lie; units whose state is
#                                          wanted beside containerd's
#
# One script, so that facts cost one round trip. Forks are counted: it runs on every node at every `up`. What a node does
# not have leaves its section empty; only the section `finished` tells that all of it was read.
bin=$1 etcd_data=$2 marker=$3
shift 3
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$bin

# Tools whose presence changes what we generate or how files travel.
tools=(tar zstd gzip curl ip nft iptables ipset conntrack modprobe restorecon sha256sum ctr systemctl)
# Kernel features by the module that brings them: present when built in, loaded, or loadable.
features=(overlay br_netfilter nf_conntrack vxlan ip_vs)

section() { printf '\n@@%s\n' "$1"; }
show() { [ -r "$1" ] && printf '%s' "$(<"$1")"; }

machine() {
  section boot-id; show /proc/sys/kernel/random/boot_id
  section machine-id; show /etc/machine-id
  section machine-uuid; show /sys/class/dmi/id/product_uuid
  section uname; uname -n -r -m
  section os-release; show /etc/os-release
  section meminfo; show /proc/meminfo
  section swaps; show /proc/swaps
  section filesystems; show /proc/filesystems
  section mountinfo; show /proc/self/mountinfo
  section disk; disk
}

disk() {
  local path line
  for path in / /opt /etc /var /var/lib/containerd "$etcd_data" /run; do
    [ -e "$path" ] && df -B1 --output=target,fstype,size,avail,itotal,iavail "$path" |
      { read -r _; IFS= read -r line; printf '%s %s\n' "$path" "$line"; }
  done
}

network() {
  section addresses; ip -o addr show
  section links; ip -o link show
  section cards; cards
  section routes; ip -4 route show table main
  section ssh; ssh_connection
  section resolv; resolv_conf
}

# Links with a device behind them; bridges, pods' and other made ones have none.
cards() {
  local link
  for link in /sys/class/net/*/device; do [ -e "$link" ] && link=${link%/device} && printf '%s\n' "${link##*/}"; done
}

# The address that the operator reached is in the environment of sshd's child, which sudo has taken from ours.
ssh_connection() {
  local pid=$$ entry
  for _ in 1 2 3 4 5 6; do
    while IFS= read -r -d '' entry; do
      case $entry in SSH_CONNECTION=*) printf '%s' "${entry#SSH_CONNECTION=}"; return ;; esac
    done 2>/dev/null <"/proc/$pid/environ"
    # Its parent; the name in parentheses may hold spaces.
    read -r _ _ _ pid _ 2>/dev/null < <(sed 's/(.*)/x/' "/proc/$pid/stat") || return
  done
}

# Behind systemd-resolved's stub the servers stand in the first of them.
resolv_conf() {
  local file
  for file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
    [ -r "$file" ] && { printf '%s\n' "$file"; show "$file"; return; }
  done
}

# systemd-timesyncd says so by a file, chrony when asked; timedatectl would start a service for it.
synchronized() {
  if [ -e /run/systemd/timesync/synchronized ]; then
    printf yes
  elif command -v chronyc >/dev/null; then
    case $(timeout 1 chronyc -c tracking 2>/dev/null) in *,Normal) printf yes ;; esac
  fi
}

rights() {
  local key value
  section synchronized; synchronized
  section cgroup; stat -f -c %T /sys/fs/cgroup
  section selinux; show /sys/fs/selinux/enforce
  section capabilities
  while read -r key value; do [ "$key" = CapEff: ] && printf '%s' "$value"; done </proc/self/status
  # Only the initial network namespace has this one, and may write conntrack's: the same before their module is loaded.
  section conntrack; [ -w /proc/sys/net/core/netdev_max_backlog ] && printf yes
}

# Why iptables makes none of kube-proxy's rules: only trying tells whether program and kernel have every match and target,
# in a network of its own, which goes with it. Nothing where they are made, or that could not be tried.
xtables() {
  command -v iptables-restore >/dev/null || return
  # shellcheck disable=SC2016 # The other shell's.
  printf '%s\n' '*filter' \
    '-A FORWARD -m conntrack --ctstate INVALID -j DROP' \
    'COMMIT' '*nat' \
    '-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN' \
    '-A POSTROUTING -j MARK --xor-mark 0x4000' \
    '-A POSTROUTING -m comment --comment "services" -j MASQUERADE' \
    '-A OUTPUT -m addrtype --dst-type LOCAL -m statistic --mode random --probability 0.5 -j ACCEPT' \
    '-A OUTPUT -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.0.2.1:80' \
    'COMMIT' |
    unshare -n sh -c 'why=$(iptables-restore 2>&1) || printf "refused: %s\n" "$why"' 2>/dev/null | grep -A 1 '^refused: '
}

software() {
  local tool feature
  section tools
  for tool in "${tools[@]}"; do command -v "$tool" >/dev/null && printf '%s\n' "$tool"; done
  section features
  for feature in "${features[@]}"; do
    { [ -d "/sys/module/$feature" ] || modprobe -n -q "$feature"; } 2>/dev/null && printf '%s\n' "$feature"
  done
  [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] && echo br_netfilter
  [ -e /proc/sys/net/netfilter/nf_conntrack_max ] && echo nf_conntrack
  [ -e /proc/net/ip_vs ] && echo ip_vs
  section xtables; [ -r "$marker/cluster" ] || xtables
  section containerd-version; command -v containerd >/dev/null && containerd --version
  section units; systemctl show -p Id,LoadState,ActiveState,SubState -- "$@" containerd.service
  section images
  [ -S /run/containerd/containerd.sock ] && timeout 2 ctr -n k8s.io images ls -q 2>/dev/null && section images-listed
  section listeners; ss -Hltnp
}

# What the kernel has not as we set it, and what our unit has put back; a script of an earlier release knows no such verb.
kernel() {
  local count repairs=/run/k8s-diskless-node/repairs
  section kernel-differences
  grep -qs 'k8s-diskless-node check ' "$bin/k8s-diskless-node" && timeout 20 "$bin/k8s-diskless-node" check
  section kernel-repairs
  [ -r "$repairs" ] && { read -r count <"$repairs"; echo "$count"; tail -n 1 "$repairs"; }
}

# What of ours is there, as the receiver of files and the starting of units have noted it; files also as they lie there now.
ours() {
  local unit
  section etcd-data; [ -d "$etcd_data/member" ] && echo present && du -sB1 "$etcd_data/member" && stat -c %Y "$etcd_data/member/snap/db" 2>/dev/null
  section etcd-marker; show "$etcd_data/k8s-diskless"
  section marker-cluster; show "$marker/cluster"
  section marker-operator; show "$marker/operator"
  section marker-files
  if [ -r "$marker/files" ]; then
    show "$marker/files"
    section marker-stat
    cut -d ' ' -f 5- "$marker/files" | sort -u | tr '\n' '\0' | xargs -0r stat -c '%a %s:%i:%.9Y:%.9Z %n' 2>/dev/null
  fi
  section marker-units
  for unit in "$marker"/units/*; do [ -f "$unit" ] && printf '%s %s\n' "${unit##*/}" "$(<"$unit")"; done
  section marker-images; show "$marker/images"
}

section started; date +%s.%N
machine
network
rights
software "$@"
kernel
ours
section finished; date +%s.%N
