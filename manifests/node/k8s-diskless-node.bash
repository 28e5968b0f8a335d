#!/bin/bash
# Makes this machine a Kubernetes node as far as the kernel is concerned: modules, sysctls, the API address, the pod
# network's routes, and the one rule that masquerades what pods send to the outside.
#
#   k8s-diskless-node apply    makes it so; adds and removes exactly what differs, so that running pods and their
#                              connections notice nothing
#   k8s-diskless-node check    prints a line for each thing that is not so, and changes nothing
#   k8s-diskless-node watch    makes it so again whenever the kernel tells of a change (a link that went down and came
#                              back, a DHCP client that took routes away), and notes what; runs for ever
#
# The configuration is lines of "key value…":
#   mode routed|vxlan|manifest    backend nft|iptables    node-ip A       pod-cidr C (this node's)
#   cluster-cidr C (all pods)     service-cidr C          api-address A   link NAME (carries node-ip)
#   mtu N (of pods)               peer NAME NODE-IP POD-CIDR (one line for each other node)
set -euo pipefail

verb=${1-apply}
config=${K8S_DISKLESS_NODE_CONFIG:-/etc/kubernetes/node.conf}
modules=${K8S_DISKLESS_MODULES:-/etc/modules-load.d/k8s-diskless.conf}
sysctls=${K8S_DISKLESS_SYSCTLS:-/etc/sysctl.d/90-k8s-diskless.conf}

api_link=kd-api
# As pods' CNI configuration has it (src/components/pod-network.ts).
pod_link=cni0
cni_results=${K8S_DISKLESS_CNI_RESULTS:-/var/lib/cni/results}
vxlan_link=kd-vxlan
vxlan_id=4077
vxlan_port=4789
# Routing protocol number of our routes (see rtnetlink(7), above RTPROT_STATIC are the administrator's): what carries it
# and is not wanted any more is removed, other routes are left alone.
route_protocol=77
# Where `watch` notes what it put back: how often, then the last times as lines of "seconds-since-1970 what".
repairs=${RUNTIME_DIRECTORY:-/run/k8s-diskless-node}/repairs

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
known=$(<"$config")

# Each thing is described once, and made so or looked at as the verb has it.
checks() { [[ $verb != apply ]]; }
differs() { printf '%s\n' "$*"; }

# The feature counts, not the module: where it is built in, modprobe fails.
load_modules() {
  local name
  while read -r name; do
    [[ $name == '#'* || -z $name ]] || modprobe --quiet "$name" 2>/dev/null || true
  done <"$modules"
}

# Each on its own: in a container or a network namespace some are not ours to write.
set_sysctls() {
  local line path name wanted
  while read -r line; do
    [[ $line == '#'* || $line != *=* ]] && continue
    name=${line%%=*} wanted=${line#*=}
    path=/proc/sys/${name//./\/}
    [[ -w $path && $(<"$path") != "$wanted" ]] || continue
    if checks; then differs "sysctl $name is $(<"$path")"; else { echo "$wanted" >"$path"; } 2>/dev/null || true; fi
  done <"$sysctls"
  checks && return
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
  has_bridge "$api_link" "$api_address/32"
  # A host process that connects to a ClusterIP needs some route before kube-proxy's rules can choose the endpoint, and
  # the node IP as source, or the answer would have nowhere to go.
  route "$service_cidr" dev "$api_link" src "$node_ip"
}

# A bridge that is up, with this address. Its MAC follows from that, so that pods find one that was made anew.
has_bridge() {
  if checks; then
    if is_up "$1"; then keep_addresses "$1" "$2"; fi
    return
  fi
  [[ -d /sys/class/net/$1 ]] || ip link add "$1" address "$(tunnel_mac "${2%/*}")" type bridge
  ip link set "$1" addrgenmode none 2>/dev/null || true
  # One that was not set follows the lowest port, and pods would send to nobody when that one goes.
  [[ $(<"/sys/class/net/$1/addr_assign_type") == 3 ]] || ip link set "$1" address "$(<"/sys/class/net/$1/address")"
  ip link set "$1" up
  keep_addresses "$1" "$2"
}

is_up() {
  if [[ ! -d /sys/class/net/$1 ]]; then
    differs "link $1 is missing"
  elif ! (($(<"/sys/class/net/$1/flags") & 1)); then
    differs "link $1 is down"
  else
    return 0
  fi
  return 1
}

# Makes the address the only one of a link.
keep_addresses() {
  local address found=''
  while read -r _ _ _ address _; do
    if [[ $address == "$2" ]]; then
      found=yes
    elif checks; then
      differs "address $address on $1 is not wanted"
    else
      ip address delete "$address" dev "$1"
    fi
  done < <(ip -4 -oneline address show dev "$1")
  [[ -z $found ]] || return 0
  if checks; then differs "address $2 on $1 is missing"; else ip address replace "$2" dev "$1"; fi
}

# The bridge of the pods is there before the first of them: other nodes ask at its address whether pods' packets arrive.
# The CNI plugin takes over what it finds, if it has the address that it would give.
pod_link() {
  local network=${pod_cidr%/*} prefix=${pod_cidr#*/}
  has_bridge "$pod_link" "${network%.*}.$((${network##*.} + 1))/$prefix"
  has_mtu "$pod_link"
  keep_ports
}

has_mtu() {
  [[ -r /sys/class/net/$1/mtu && $(<"/sys/class/net/$1/mtu") != "$mtu" ]] || return 0
  if checks; then differs "MTU of $1 is $(<"/sys/class/net/$1/mtu")"; else ip link set "$1" mtu "$mtu"; fi
}

# Pods' links on this side of theirs, as the CNI plugin has noted them: with the bridge their membership in it goes.
keep_ports() {
  local port
  while read -r port; do
    [[ -d /sys/class/net/$port && ! -e /sys/class/net/$port/master ]] || continue
    if checks; then
      differs "link $port of a pod is not in $pod_link"
    else
      ip link set "$port" master "$pod_link"
      echo 1 >"/sys/class/net/$port/brport/hairpin_mode"
    fi
  done < <(grep -rhoE 'veth[0-9a-f]+' "$cni_results" 2>/dev/null | sort -u)
}

wanted_routes=()
route() {
  wanted_routes+=("$1")
  if checks; then has_route "$@"; else ip -4 route replace "$@" proto "$route_protocol"; fi
}

routes_there() { ip -4 route show proto "$route_protocol"; }

# The kernel lists a route with more words than it was given, in an order of its own.
has_route() {
  local destination=$1 line
  shift
  while read -r line; do
    [[ $line == "$destination "* ]] || continue
    while (($# > 0)); do
      if [[ $1 == onlink ]]; then shift; continue; fi
      [[ "$line " == *" $1 $2 "* ]] || break
      shift 2
    done
    (($# == 0)) || differs "route to $destination leads another way: $line"
    return
  done <<<"$there"
  differs "route to $destination is missing"
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
    [[ -n $destination ]] || continue
    is_in "$destination" "${wanted_routes[@]}" && continue
    if checks; then
      differs "route to $destination is not wanted any more"
    else
      ip -4 route delete "$destination" proto "$route_protocol"
    fi
  done <<<"$there"
}

routed() {
  local index
  checks || remove_vxlan
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
  if checks; then
    check_vxlan
    return
  fi
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

# What goes with its link goes with it: entries of peers are looked at only where that is there.
check_vxlan() {
  local index mac fdb neighbours
  is_up "$vxlan_link" || return 0
  is_our_vxlan || differs "link $vxlan_link is another tunnel"
  has_mtu "$vxlan_link"
  keep_addresses "$vxlan_link" "$(tunnel_address "$pod_cidr")/32"
  fdb=$(bridge fdb show dev "$vxlan_link")
  neighbours=$(ip -4 neighbour show dev "$vxlan_link" nud permanent)
  for index in "${!peer_ips[@]}"; do
    mac=$(tunnel_mac "${peer_ips[index]}")
    [[ $fdb == *"$mac dst ${peer_ips[index]} "* ]] || differs "the tunnel to ${peer_ips[index]} is missing"
    [[ $neighbours == *"$(tunnel_address "${peer_cidrs[index]}") lladdr $mac "* ]] ||
      differs "the neighbour at the end of the tunnel to ${peer_ips[index]} is missing"
    has_route "${peer_cidrs[index]}" via "$(tunnel_address "${peer_cidrs[index]}")" dev "$vxlan_link"
    wanted_routes+=("${peer_cidrs[index]}")
  done
}

is_our_vxlan() {
  local found
  found=$(ip -d link show "$vxlan_link" 2>/dev/null || true)
  [[ $found == *"vxlan id $vxlan_id local $node_ip "*"dstport $vxlan_port nolearning"* ]]
}

create_vxlan() {
  if ! is_our_vxlan; then
    remove_vxlan
    ip link add "$vxlan_link" address "$(tunnel_mac "$node_ip")" type vxlan \
      id "$vxlan_id" local "$node_ip" dstport "$vxlan_port" nolearning
  fi
  ip link set "$vxlan_link" addrgenmode none 2>/dev/null || true
  ip link set "$vxlan_link" up
  has_mtu "$vxlan_link"
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

# Of rules only that ours are there: nobody else writes into their tables and chains.
check_rules() {
  if [[ $backend == nft ]]; then
    [[ $(nft list table ip k8s_diskless_pods 2>/dev/null) == *"ip saddr $pod_cidr "*masquerade* ]] ||
      differs 'the rule that masquerades what pods send outside is missing'
  else
    has_jump nat POSTROUTING K8S-DISKLESS-PODS MASQUERADE
  fi
  ! command -v iptables-restore >/dev/null || has_jump filter FORWARD K8S-DISKLESS-FORWARD ACCEPT
}

has_jump() {
  local status=0
  iptables -w 5 -t "$1" -C "$2" -j "$3" 2>/dev/null || status=$?
  # Anything else is no answer: somebody holds the lock for long.
  if ((status == 1)) || { ((status == 0)) && [[ $(iptables -w 5 -t "$1" -S "$3" 2>/dev/null) != *"-j $4"* ]]; }; then
    differs "the rules of $3 are missing"
  fi
}

apply() {
  load_modules
  set_sysctls
  reload_network_managers
  network_links
}

check() {
  there=$(routes_there)
  set_sysctls
  network_links
}

network_links() {
  wanted_routes=()
  api_link
  if [[ $mode != manifest ]]; then
    pod_link
    "$mode"
    if checks; then
      check_rules
    else
      "masquerade_$backend"
      accept_forwarding
    fi
  fi
  checks || there=$(routes_there)
  remove_stale_routes
}

our_rules='k8s_diskless|K8S-DISKLESS| (FORWARD|POSTROUTING) |ERROR'

# A line for whatever the kernel changes in links, addresses, routes, forwarding and rules.
events() {
  # Without one of them changes would go unseen: it ends with the first, and whoever reads hears of it.
  trap 'kill 0' EXIT
  ip -oneline monitor link address route netconf &
  if command -v nft >/dev/null; then nft monitor destroy | grep --line-buffered -E "$our_rules" & fi
  wait -n
}

# What was written since, or is gone, is for the run that wrote it to apply; and without the node's own address no route of
# ours can be: whoever gave it another one has to write that first.
is_current() {
  [[ -r $config && $(<"$config") == "$known" ]] &&
    [[ $(ip -4 -oneline address show) == *" inet $node_ip/"* ]]
}

# Of sysctls there are no events but for forwarding: they are read now and then, which starts no program.
sysctls_every=4
# What comes back by itself, or cannot be put back, must not keep a processor busy.
longest_pause=4

watch() {
  local events until pause=0
  # A process group of its own, so that nothing of it is left when one of them ends.
  exec {events}< <(set -m; events & wait)
  # The kernel tells from a moment on that only an event shows: one is made until it is seen.
  until next_event 0.2; do ip link set "$api_link" alias 'address of the Kubernetes API'; done
  while :; do
    # Whatever comes at the same time is looked at once; a second or two are enough, should it never end.
    until=$((SECONDS + 1))
    while ((SECONDS <= until)) && next_event 0.2; do :; done
    if is_current && ! put_back; then
      pause=$((pause == 0 ? 2 : pause * 2 > longest_pause ? longest_pause : pause * 2))
      sleep "$pause"
    else
      pause=0
    fi
    until next_event "$sysctls_every" || [[ -n $(set_sysctls) ]]; do :; done
  done
}

# False when there was none in this many seconds.
next_event() {
  local status=0
  read -r -t "$1" -u "$events" _ || status=$?
  ((status == 0)) && return
  # The end of the stream, and no timeout: systemd starts this anew.
  ((status > 128)) || exit 1
  return 1
}

# False where something is still not so.
put_back() {
  local found left
  found=$(check)
  [[ -n $found ]] || return 0
  # In a process of its own: what it cannot do ends that one.
  bash "$0" apply || true
  left=$(check)
  note "$(grep -vxFf <(echo "$left") <<<"$found" || true)"
  [[ -z $left ]] && return
  echo "cannot be put back: ${left//$'\n'/; }" >&2
  return 1
}

# Once for all that went at the same time; the last of them are kept, with how many there were.
note() {
  local count=0 now
  [[ -n $1 ]] || return 0
  echo "put back: ${1//$'\n'/; }"
  [[ ! -r $repairs ]] || read -r count _ <"$repairs"
  printf -v now '%(%s)T' -1
  { echo "$((count + 1))"; [[ ! -r $repairs ]] || tail -n +2 "$repairs" | tail -n 19; echo "$now ${1//$'\n'/; }"; } >"$repairs.new"
  mv "$repairs.new" "$repairs"
}

case $verb in
  apply | check | watch) "$verb" ;;
  *) echo "usage: k8s-diskless-node apply|check|watch" >&2; exit 64 ;;
esac
