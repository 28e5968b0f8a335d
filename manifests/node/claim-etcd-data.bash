#!/bin/bash
# Writes whose it is into etcd's data directory before there is any data: unknown data is never ours by accident.
#
#   claim-etcd-data DIRECTORY CLUSTER_ID INCARNATION [wipe]   wipe: data of an older incarnation goes first
set -euo pipefail
export LC_ALL=C

main() {
  local directory=$1 cluster_id=$2 incarnation=$3 wipe=${4-}
  if [ "$wipe" = wipe ]; then
    # Where systemd knows no such unit (exit code 5) there is none that runs; else nothing may go that it still writes to.
    systemctl stop etcd.service || [ $? -eq 5 ]
    rm -rf "$directory/member" "$directory/wal"
  fi
  # shellcheck disable=SC2174 # What lies above it is not etcd's.
  mkdir -p -m 0700 "$directory"
  printf '%s %s\n' "$cluster_id" "$incarnation" >"$directory/k8s-diskless.new"
  mv -f "$directory/k8s-diskless.new" "$directory/k8s-diskless"
}

main "$@"
