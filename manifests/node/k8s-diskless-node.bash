#!/bin/bash
# Makes this machine a Kubernetes node as far as the kernel is concerned: modules, sysctls, the API address, the pod
# network's routes, and the one rule that masquerades what pods send to the outside.
#
# Idempotent and additive: run again when the list of peers changed, it adds and removes exactly what differs. What is
# right stays untouched, so running pods and their connections notice nothing.
#
# The configuration is lines of "key value…":
#   mode routed|vxlan|manifest    backend nft|iptables    node-ip A       pod-cidr C (this node's)
#   cluster-cidr C (all pods)     service-cidr C          api-address A   link NAME (carries node-ip)
#   mtu N (of pods)               peer NAME NODE-IP POD-CIDR (one line for each other node)
set -euo pipefail

config=${K8S_DISKLESS_NODE_CONFIG:-/etc/kubernetes/node.conf}
modules=${K8S_DISKLESS_MODULES:-/etc/modules-load.d/k8s-diskless.conf}
sysctls=${K8S_DISKLESS_SYSCTLS:-/etc/sysctl.d/90-k8s-diskless.conf}

api_link=kd-api
# As pods' CNI configuration has it (src/components/pod-network.ts).
pod_link=cni0
vxlan_link=kd-vxlan
vxlan_id=4077
vxlan_port=4789
# Routing protocol number of our routes (see rtnetlink(7), above RTPROT_STATIC are the administrator's): what carries it
# and is not wanted any more is removed, other routes are left alone.
route_protocol=77

mode='' backend='' node_ip='' pod_cidr='' cluster_cidr='' service_cidr='' api_address='' link='' mtu=''
peer_ips=() peer_cidrs=()
while read -r key value rest; do
  case $key in
    mode) mode=$value ;;
    backend) backend=$value ;;
    node-ip) node_ip=$value ;;
    pod-cidr) pod_cidr=$value ;;
    cluster-cidr) cluster_cidr=$value ;;
    service-cidr) service_cidr=$value ;;
    api-address) api_address=$value ;;
    link) link=$value ;;
    mtu) mtu=$value ;;
    peer)
      peer_ips+=("${rest% *}")
      peer_cidrs+=("${rest#* }")
      ;;
    '' | '#'*) ;;
    *) echo "$config: unknown key $key" >&2; exit 64 ;;
  esac
done <"$config"

# The feature counts, not the module: where it is built in, modprobe fails.
load_modules() {
  local name
  while read -r name; do
    [[ $name == '#'* || -z $name ]] || modprobe --quiet "$name" 2>/dev/null || true
  done <"$modules"
}

# Each on its own: in a container or a network namespace some are not ours to write.
set_sysctls() {
  local line path
  while read -r line; do
    [[ $line == '#'* || $line != *=* ]] && continue
    path=/proc/sys/${line%%=*}
    [[ ! -w ${path//./\/} ]] || { echo "${line#*=}" >"${path//./\/}"; } 2>/dev/null || true
  done <"$sysctls"
  require net/ipv4/ip_forward 'no packet would reach a pod'
  [[ $mode == manifest ]] ||
    require net/bridge/bridge-nf-call-iptables 'pods of one node would not reach each other by a service'
}

require() {
  [[ -r /proc/sys/$1 && $(</proc/sys/"$1") == 1 ]] && return
  echo "sysctl $1 is not 1 and cannot be set: $2" >&2
  exit 1
}

# Network managers would take addresses and routes off links they think theirs.
reload_network_managers() {
  if systemctl is-active --quiet systemd-networkd 2>/dev/null; then networkctl reload || true; fi
  if systemctl is-active --quiet NetworkManager 2>/dev/null; then nmcli general reload conf || true; fi
}

# A bridge without ports rather than a dummy link: pods need bridges anyway, and not every kernel has the other.
api_link() {
  [[ -d /sys/class/net/$api_link ]] || ip link add "$api_link" type bridge
  ip link set "$api_link" addrgenmode none 2>/dev/null || true
  ip link set "$api_link" up
  keep_addresses "$api_link" "$api_address/32"
  # A host process that connects to a ClusterIP needs some route before kube-proxy's rules can choose the endpoint, and
  # the node IP as source, or the answer would have nowhere to go.
  route "$service_cidr" dev "$api_link" src "$node_ip"
}

# Makes the address the only one of a link.
keep_addresses() {
  local address
  while read -r _ _ _ address _; do
    [[ $address == "$2" ]] || ip address delete "$address" dev "$1"
  done < <(ip -4 -oneline address show dev "$1")
  ip address replace "$2" dev "$1"
}

# The bridge of the pods is there before the first of them: other nodes ask at its address whether pods' packets arrive.
# The CNI plugin takes over what it finds, if it has the address that it would give.
pod_link() {
  local network prefix
  network=${pod_cidr%/*} prefix=${pod_cidr#*/}
  [[ -d /sys/class/net/$pod_link ]] || ip link add "$pod_link" type bridge
  ip link set "$pod_link" mtu "$mtu" up
  keep_addresses "$pod_link" "${network%.*}.$((${network##*.} + 1))/$prefix"
}

wanted_routes=()
route() {
  ip -4 route replace "$@" proto "$route_protocol"
  wanted_routes+=("$1")
}

is_in() {
  local wanted=$1 each
  shift
  for each in "$@"; do [[ $each == "$wanted" ]] && return 0; done
  return 1
}

remove_stale_routes() {
  local destination
  while read -r destination _; do
    is_in "$destination" "${wanted_routes[@]}" || ip -4 route delete "$destination" proto "$route_protocol"
  done < <(ip -4 route show proto "$route_protocol")
}

routed() {
  local index
  remove_vxlan
  for index in "${!peer_ips[@]}"; do
    route "${peer_cidrs[index]}" via "${peer_ips[index]}" dev "$link" src "$node_ip"
  done
}

# The link's own address in a peer's tunnel network, and its MAC: both follow from what every node knows of it.
tunnel_address() { echo "${1%/*}"; }
tunnel_mac() {
  local a b c d
  IFS=. read -r a b c d <<<"$1"
  printf '0a:4b:%02x:%02x:%02x:%02x\n' "$a" "$b" "$c" "$d"
}

vxlan() {
  local index mac address peers=() addresses=()
  create_vxlan
  for index in "${!peer_ips[@]}"; do
    mac=$(tunnel_mac "${peer_ips[index]}")
    address=$(tunnel_address "${peer_cidrs[index]}")
    peers+=("$mac ${peer_ips[index]}")
    addresses+=("$address")
    bridge fdb replace "$mac" dev "$vxlan_link" dst "${peer_ips[index]}" self permanent
    ip -4 neighbour replace "$address" lladdr "$mac" dev "$vxlan_link" nud permanent
    route "${peer_cidrs[index]}" via "$address" dev "$vxlan_link" onlink src "$(tunnel_address "$pod_cidr")"
  done
  while read -r mac _ address _; do
    is_in "$mac $address" "${peers[@]}" || bridge fdb delete "$mac" dev "$vxlan_link" dst "$address" self
  done < <(bridge fdb show dev "$vxlan_link")
  while read -r address _; do
    is_in "$address" "${addresses[@]}" || ip -4 neighbour delete "$address" dev "$vxlan_link"
  done < <(ip -4 neighbour show dev "$vxlan_link" nud permanent)
}

create_vxlan() {
  local found
  found=$(ip -d link show "$vxlan_link" 2>/dev/null || true)
  if [[ $found != *"vxlan id $vxlan_id local $node_ip "*"dstport $vxlan_port nolearning"* ]]; then
    remove_vxlan
    ip link add "$vxlan_link" address "$(tunnel_mac "$node_ip")" type vxlan \
      id "$vxlan_id" local "$node_ip" dstport "$vxlan_port" nolearning
  fi
  ip link set "$vxlan_link" addrgenmode none 2>/dev/null || true
  ip link set "$vxlan_link" mtu "$mtu" up
  keep_addresses "$vxlan_link" "$(tunnel_address "$pod_cidr")/32"
}

remove_vxlan() {
  [[ ! -d /sys/class/net/$vxlan_link ]] || ip link delete "$vxlan_link"
}

# Where a packet of a pod keeps its source: to other pods and multicast always. To other nodes where answers come back
# by the route that the node has to this pod CIDR; through a tunnel the answer would take another way than the question.
unmasqueraded() {
  printf '%s\n' "$cluster_cidr" 224.0.0.0/4
  if [[ $mode == routed && ${#peer_ips[@]} -gt 0 ]]; then printf '%s/32\n' "${peer_ips[@]}"; fi
}

masquerade_nft() {
  local elements
  elements=$(unmasqueraded | paste -s -d ,)
  nft -f - <<RULES
table ip k8s_diskless_pods
delete table ip k8s_diskless_pods
table ip k8s_diskless_pods {
  chain postrouting { type nat hook postrouting priority 100; policy accept;
    ip saddr $pod_cidr ip daddr != { $elements } masquerade fully-random
  }
}
RULES
}

masquerade_iptables() {
  local keep
  {
    echo '*nat'
    echo ':K8S-DISKLESS-PODS - [0:0]'
    for keep in $(unmasqueraded); do echo "-A K8S-DISKLESS-PODS -d $keep -j RETURN"; done
    echo "-A K8S-DISKLESS-PODS -s $pod_cidr -j MASQUERADE --random-fully"
    echo COMMIT
  } | iptables-restore -w 5 --noflush
  jump nat POSTROUTING K8S-DISKLESS-PODS
}

# Docker, where it runs, makes DROP the policy of FORWARD.
accept_forwarding() {
  command -v iptables-restore >/dev/null || return 0
  {
    echo '*filter'
    echo ':K8S-DISKLESS-FORWARD - [0:0]'
    echo "-A K8S-DISKLESS-FORWARD -s $cluster_cidr -j ACCEPT"
    echo "-A K8S-DISKLESS-FORWARD -d $cluster_cidr -j ACCEPT"
    echo COMMIT
  } | iptables-restore -w 5 --noflush
  jump filter FORWARD K8S-DISKLESS-FORWARD
}

jump() {
  iptables -w 5 -t "$1" -C "$2" -j "$3" 2>/dev/null || iptables -w 5 -t "$1" -A "$2" -j "$3"
}

load_modules
set_sysctls
reload_network_managers
api_link
if [[ $mode != manifest ]]; then
  pod_link
  "$mode"
  "masquerade_$backend"
  accept_forwarding
fi
remove_stale_routes
