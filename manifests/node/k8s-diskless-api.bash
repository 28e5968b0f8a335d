#!/bin/bash
# Keeps the API address of this node pointed at a living kube-apiserver.
#
#   k8s-diskless-api install   put the rules in place at once, without asking anybody (before the first probe)
#   k8s-diskless-api watch     probe, and rewrite the rules when the chosen control plane is lost; runs for ever
#
# Everything here talks to https://ADDRESS:PORT. ADDRESS sits on a link of its own, so on a control plane whose own
# kube-apiserver lives (it listens on all addresses) nothing has to be translated. Everywhere else one rule sends new
# connections to the chosen control plane, with the node IP as their source. Connections that still lead to another one
# are reset, so that clients reconnect at once instead of waiting for their HTTP/2 ping to fail.
#
# The configuration is lines of "key value": backend (nft|iptables), address, port, node-ip, ca, and one control-plane
# per kube-apiserver in order of preference; a control plane lists itself first. The rules outlive this process.
set -euo pipefail

config=${K8S_DISKLESS_API_CONFIG:-/etc/kubernetes/api-proxy.conf}
state=${RUNTIME_DIRECTORY:-/run/k8s-diskless-api}/chosen

backend='' address='' port='' node_ip='' ca=''
control_planes=()
while read -r key value; do
  case $key in
    backend) backend=$value ;;
    address) address=$value ;;
    port) port=$value ;;
    node-ip) node_ip=$value ;;
    ca) ca=$value ;;
    control-plane) control_planes+=("$value") ;;
    '' | '#'*) ;;
    *) echo "$config: unknown key $key" >&2; exit 64 ;;
  esac
done <"$config"

is_listed() {
  local each
  for each in "${control_planes[@]}"; do [[ $each == "$1" ]] && return 0; done
  return 1
}

# What a process before us chose, if that is still a control plane; else the preferred one.
chosen=''
[[ -r $state ]] && read -r chosen <"$state"
is_listed "$chosen" || chosen=${control_planes[0]}

# Where connections to ADDRESS end: at ADDRESS itself when the chosen kube-apiserver is this node's.
destination() {
  if [[ $chosen == "$node_ip" ]]; then echo "$address"; else echo "$chosen"; fi
}

# One transaction; the NAT chains stay even when empty, for without any the kernel stops translating what it began.
rules_nft() {
  local to
  to=$(destination)
  echo 'table ip k8s_diskless_api'
  echo 'delete table ip k8s_diskless_api'
  echo 'table ip k8s_diskless_api {'
  echo '  chain output { type nat hook output priority -100; policy accept;'
  [[ $to == "$address" ]] || echo "    ip daddr $address tcp dport $port dnat to $to:$port"
  echo '  }'
  echo '  chain postrouting { type nat hook postrouting priority 100; policy accept;'
  [[ $to == "$address" ]] || echo "    ip saddr $address ip daddr $to tcp dport $port snat to $node_ip"
  echo '  }'
  echo '  chain stale { type filter hook output priority 0; policy accept;'
  echo "    ip daddr != $to tcp dport $port ct original ip daddr $address reject with tcp reset"
  echo '  }'
  echo '}'
}

rules_iptables() {
  local to
  to=$(destination)
  echo '*nat'
  echo ':K8S-DISKLESS-API - [0:0]'
  echo ':K8S-DISKLESS-API-SNAT - [0:0]'
  if [[ $to != "$address" ]]; then
    echo "-A K8S-DISKLESS-API -d $address/32 -p tcp --dport $port -j DNAT --to-destination $to:$port"
    echo "-A K8S-DISKLESS-API-SNAT -s $address/32 -d $to/32 -p tcp --dport $port -j SNAT --to-source $node_ip"
  fi
  echo 'COMMIT'
  echo '*filter'
  echo ':K8S-DISKLESS-API-RST - [0:0]'
  echo "-A K8S-DISKLESS-API-RST ! -d $to/32 -p tcp --dport $port" \
    "-m conntrack --ctorigdst $address -j REJECT --reject-with tcp-reset"
  echo 'COMMIT'
}

jump() {
  iptables -w 5 -t "$1" -C "$2" -j "$3" 2>/dev/null || iptables -w 5 -t "$1" -I "$2" 1 -j "$3"
}

install_rules() {
  if [[ $backend == nft ]]; then
    rules_nft | nft -f -
  else
    rules_iptables | iptables-restore -w 5 --noflush
    jump nat OUTPUT K8S-DISKLESS-API
    jump nat POSTROUTING K8S-DISKLESS-API-SNAT
    jump filter OUTPUT K8S-DISKLESS-API-RST
  fi
  echo "$chosen" >"$state.new"
  mv "$state.new" "$state"
}

choose() {
  local ports
  chosen=$1
  ports=$(connected_ports)
  install_rules
  # The reset rule answers a client's next packet; one that only waits need not wait for that, where the kernel can
  # close sockets. Only those from before: clients may have come back by the new way already.
  if [[ $ports ]]; then ss --kill --tcp dst "$address" dport = ":$port" "( $ports )" >/dev/null 2>&1 || true; fi
  echo "API address $address leads to $chosen"
}

# Local ports of connections to ADDRESS, as a filter of ss.
connected_ports() {
  local filter='' local_end
  while read -r _ _ _ local_end _; do
    filter+="${filter:+ or }sport = :${local_end##*:}"
  done < <(ss --tcp --numeric --no-header state connected dst "$address" dport = ":$port" 2>/dev/null)
  echo "$filter"
}

# How bad an answer was, in eighths of what makes a control plane count as lost. Nobody listening is certain. Silence is
# believed the second time: the kernel accepts connections however busy its kube-apiserver is. A bad answer (5xx while
# etcd elects a leader) must last some seconds. 401 and 403 are answers of a living server: anonymous requests may be
# refused, by configuration or until RBAC is bootstrapped.
declare -A badness
lost=8

# Adds to what is known of these control planes. One curl for each, since asking several at once, and saying how each
# ended, takes options that came with curl 7.75.
probe() {
  local each failure status
  while read -r each failure status; do
    case $failure:$status in
      0:200 | 0:401 | 0:403) status=0 ;;
      7:*) status=$lost ;; # curl: failed to connect
      28:*) status=$((lost / 2)) ;; # curl: timed out
      *) status=1 ;;
    esac
    badness[$each]=$status
  done < <(
    for each; do ask "$each" & done
    wait
  )
}

ask() {
  local failure=0 status
  status=$(curl --silent --output /dev/null --noproxy '*' --connect-timeout 1 --max-time 3 --cacert "$ca" \
    --write-out '%{http_code}' "https://$1:$port/livez") || failure=$?
  echo "$1 $failure $status"
}

# While the chosen control plane lives nobody else matters, but a kube-apiserver of this node, which comes first.
probe_preferred() {
  if [[ $chosen != "$node_ip" ]] && is_listed "$node_ip"; then probe "$chosen" "$node_ip"; else probe "$chosen"; fi
}

probe_rest() {
  local each rest=()
  for each in "${control_planes[@]}"; do [[ ${badness[$each]-} ]] || rest+=("$each"); done
  if ((${#rest[@]} > 0)); then probe "${rest[@]}"; fi
}

lives() { [[ ${badness[$1]-} == 0 ]]; }

first_living() {
  local each
  for each in "${control_planes[@]}"; do
    if lives "$each"; then
      echo "$each"
      return
    fi
  done
}

# Somebody may flush the tables of all. Where the answer is none, nothing is done.
rules_there() {
  local status=0
  if [[ $backend == nft ]]; then
    nft list table ip k8s_diskless_api >/dev/null 2>&1 || status=$?
  else
    { iptables -w 5 -t nat -C OUTPUT -j K8S-DISKLESS-API && iptables -w 5 -C OUTPUT -j K8S-DISKLESS-API-RST; } \
      >/dev/null 2>&1 || status=$?
  fi
  ((status != 1))
}

keep_rules() {
  rules_there && return
  install_rules
  echo "put back: the rules of the API address were gone"
}

# In seconds, between two looks at the rules.
look_every=4

watch() {
  # With one control plane there is nothing to choose.
  while ((${#control_planes[@]} < 2)); do
    keep_rules
    sleep "$look_every"
  done
  local sum=0 next looked=0
  while :; do
    if ((SECONDS - looked >= look_every)); then
      keep_rules
      looked=$SECONDS
    fi
    badness=()
    # Already doubted: whoever could replace it is asked at the same time.
    if ((sum > 0)); then probe "${control_planes[@]}"; else probe_preferred; fi
    if lives "$chosen"; then sum=0; else sum=$((sum + ${badness[$chosen]:-1})); fi
    next=''
    if [[ $chosen != "$node_ip" ]] && lives "$node_ip"; then
      next=$node_ip
    elif ((sum >= lost)); then
      probe_rest
      next=$(first_living)
    fi
    if [[ $next ]]; then
      choose "$next"
      sum=0
    fi
    if ((sum > 0)); then sleep 0.5; else sleep 1; fi
  done
}

case ${1-} in
  install) install_rules ;;
  watch) watch ;;
  *) echo "usage: $0 install|watch" >&2; exit 64 ;;
esac
