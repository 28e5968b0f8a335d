#!/bin/bash
# Takes off a machine what we put there: units, files with keys, what the kernel was told. Pods have ended before.
#
#   leave-cluster MARKER CLUSTER_ID UNIT...   those that still run, in the order in which they end
#
# containerd is the machine's own: it runs on, without our configuration. Values of sysctls, and modules, stay as they are
# until the machine boots again. Prints `owned CLUSTER_ID` where the machine is another cluster's by now, and does nothing.
# The marker goes last: what was interrupted is done again. All of this is read before any of it is done.
set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Paths stand behind the first ` - ` of their lines.
installed() { sed -n 's|^[^/]* - /|/|p' "$1/files" 2>/dev/null || true; }

end_units() {
  local unit
  for unit; do
    systemctl stop "$unit" 2>/dev/null || true
    systemctl reset-failed "$unit" 2>/dev/null || true
  done
}

# Rules of Services, as kube-proxy made them: it knows all the ways in which it ever did.
remove_service_rules() {
  [ ! -x /opt/bin/kube-proxy ] || /opt/bin/kube-proxy --cleanup >/dev/null 2>&1 || true
}

remove_own_rules() {
  local table tool
  if command -v nft >/dev/null; then
    for table in k8s_diskless_api k8s_diskless_pods; do nft delete table ip "$table" 2>/dev/null || true; done
  fi
  for tool in iptables ip6tables; do
    command -v "$tool-save" >/dev/null || continue
    for table in mangle nat filter; do remove_chains "$tool" "$table"; done
  done
}

# Ours, kubelet's and what kube-proxy may have left, by their names; first what leads into them. One may lead into another.
remove_chains() {
  local tool=$1 table=$2 rule flag chain
  "$tool-save" -t "$table" 2>/dev/null | sed -nE 's/^-A ([A-Z]+ .*-j (K8S-DISKLESS|KUBE)-)/-D \1/p' | while read -r rule; do
    # It knows the quotes of comments.
    xargs "$tool" -w 5 -t "$table" <<<"$rule" 2>/dev/null || true
  done || true
  for flag in -F -X; do
    "$tool-save" -t "$table" 2>/dev/null | sed -nE 's/^:((K8S-DISKLESS|KUBE)-[A-Z0-9-]+) .*/\1/p' | while read -r chain; do
      "$tool" -w 5 -t "$table" "$flag" "$chain" 2>/dev/null || true
    done || true
  done
}

remove_links() {
  local link
  for link in kd-api kd-vxlan cni0; do ip link delete "$link" 2>/dev/null || true; done
  # Routing protocol number of our routes.
  ip -4 route flush proto 77 2>/dev/null || true
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

# What drivers of volumes mounted for pods lies beside them, and is nobody's to delete who leaves.
unmount_volumes() {
  local kubelet target left
  # As the kernel names it: behind any symbolic link.
  kubelet=$(readlink -m /var/lib/kubelet)
  # The innermost first; one below another may have gone with it.
  mounts_below "$kubelet" | sort -r | while read -r target; do unmount "$target" || true; done
  left=$(mounts_below "$kubelet")
  [ -n "$left" ] || return 0
  printf 'volumes could not be unmounted, and stay with what lies around them:\n%s\n' "$left" >&2
  exit 1
}

remove_data() {
  unmount_volumes
  rm -rf --one-file-system /var/lib/kubelet /opt/.k8s-diskless /opt/.k8s-diskless-images
  # It may be a mount point of its own.
  if [ -d /var/lib/etcd ]; then find /var/lib/etcd -mindepth 1 -delete; fi
  rmdir /var/lib/etcd 2>/dev/null || true
}

# Directories go that hold nothing any more; those of the system hold something.
remove_files() {
  local path
  while read -r path; do
    case $path in /*) rm -f "$path" ;; esac
    rmdir -p "${path%/*}" 2>/dev/null || true
  done < <(installed "$1")
  rm -rf /etc/kubernetes
}

main() {
  local marker=$1 cluster_id=$2 owner=''
  shift 2
  [ -e "$marker/cluster" ] || return 0
  read -r owner _ <"$marker/cluster"
  if [ "$owner" != "$cluster_id" ]; then
    printf 'owned %s\n' "$owner"
    return 0
  fi
  end_units "$@"
  # Before anything else can fail: nobody is to be able to begin here again.
  rm -rf /etc/kubernetes/pki /etc/kubernetes/*.kubeconfig
  remove_service_rules
  remove_own_rules
  remove_links
  remove_data
  remove_files "$marker"
  systemctl daemon-reload
  systemctl try-restart containerd.service || true
  rm -rf "$marker" /run/k8s-diskless-node /run/k8s-diskless-api
}

main "$@"
