#!/bin/bash
# Writes the database of etcd's data directory to stdout, as it lies there: etcd is stopped first, which brings into it what
# etcd has applied. What is in its log alone, because no quorum was seen to have it, is not copied.
#
#   copy-etcd-data DIRECTORY LOCK OWNER
#       OWNER   what the marker in DIRECTORY has to say: the data is that which was looked at
#       LOCK    held by whoever changes what lies there
set -euo pipefail
export LC_ALL=C

main() {
  local directory=$1 lock=$2 owner=$3 now=''
  mkdir -p "${lock%/*}"
  exec 9>"$lock"
  flock 9
  if [ -r "$directory/k8s-diskless" ]; then now=$(<"$directory/k8s-diskless"); fi
  if [ "$now" != "$owner" ]; then
    printf 'the data is no longer that which was looked at: its marker says "%s"\n' "$now" >&2
    exit 1
  fi
  systemctl stop etcd.service >&2 || [ $? -eq 5 ]
  cat "$directory/member/snap/db"
}

main "$@"
