#!/bin/bash
# Ends what a node that stayed up while etcd was born anew still runs and holds of objects that no longer exist. Images stay.
#
#   retire-past MARKER CLUSTER_ID INCARNATION PODS UNIT...   units that hold something of the old incarnation
#       PODS   `end`: none of them exists any more; `keep`: the past was restored, and kubelet, started anew, ends those that
#              it does not know, and no others; each that is there is printed as `pod NAMESPACE_NAME_UID`
#
# The new incarnation is written into the marker last: what was interrupted is done again. All of this is read before any of
# it is done: of a text that breaks off on its way bash runs what there is, up to the half of a line.
set -euo pipefail
export LC_ALL=C

# list KIND: what containerd holds of that kind for the kubelet. It fails when something on it goes meanwhile.
list() { ctr -n k8s.io "$1" ls -q 2>/dev/null || echo unknown; }

# More than once: what containerd had begun for the kubelet may still be finishing.
remove_containers() {
  local tasks containers id
  for _ in {1..50}; do
    tasks=$(list tasks) containers=$(list containers)
    [ -n "$tasks$containers" ] || return 0
    for id in $tasks; do ctr -n k8s.io tasks rm --force "$id" >/dev/null 2>&1 & done
    wait
    for id in $containers; do ctr -n k8s.io containers rm "$id" >/dev/null 2>&1 || true; done
    sleep 0.1
  done
  printf 'containers of the past are still there: %s\n' "$tasks $containers" >&2
  exit 1
}

# Mount points below a directory, as the kernel writes them: some characters as \NNN.
mounts_below() {
  local target
  while read -r _ _ _ _ target _; do
    case $target in "$1"/*) printf '%s\n' "$target" ;; esac
  done </proc/self/mountinfo
}

unmount() {
  local target
  # As a format, which ends an escape after three digits; %b would take a digit that follows for part of it.
  # shellcheck disable=SC2059
  printf -v target "${1//%/%%}"
  umount -l "$target"
}

remove_pods() {
  local pods target left
  # As the kernel names it: behind any symbolic link.
  pods=$(readlink -m /var/lib/kubelet/pods)
  # The innermost first; one below another may have gone with it.
  mounts_below "$pods" | sort -r | while read -r target; do unmount "$target" || true; done
  # Whatever stayed may be a volume with files of a user: they must not go with the pod that used it.
  left=$(mounts_below "$pods")
  if [ -n "$left" ]; then
    printf 'volumes of the past could not be unmounted:\n%s\n' "$left" >&2
    exit 1
  fi
  rm -rf --one-file-system "$pods"
}

remove_networks() {
  local netns
  for netns in /run/netns/cni-*; do
    [ ! -e "$netns" ] || ip netns delete "${netns##*/}" || true
  done
  rm -rf /var/lib/cni/networks /var/lib/cni/results /var/lib/cni/cache
}

# Their logs are named so: neither a namespace nor a name may hold a `_`.
print_pods() {
  local logs uid
  for logs in /var/log/pods/*_*_*; do
    uid=${logs##*_}
    if [ -d /var/lib/kubelet/pods/"$uid" ]; then printf 'pod %s\n' "${logs##*/}"; fi
  done
}

main() {
  local marker=$1 cluster_id=$2 incarnation=$3 pods=$4
  shift 4
  systemctl stop "$@" 2>/dev/null || true
  if [ "$pods" = end ]; then end_pods; else print_pods; fi
  printf '%s %s\n' "$cluster_id" "$incarnation" >"$marker/cluster.$$"
  mv -f "$marker/cluster.$$" "$marker/cluster"
}

end_pods() {
  systemctl start containerd.service
  remove_containers
  remove_pods
  rm -f /var/lib/kubelet/cpu_manager_state /var/lib/kubelet/memory_manager_state
  rm -rf /var/log/pods /var/log/containers
  remove_networks
  # Its CRI plugin remembers the sandboxes until it starts anew.
  systemctl restart containerd.service
}

main "$@"
