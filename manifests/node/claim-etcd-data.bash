#!/bin/bash
# Writes whose it is beside etcd's data, before there is any: unknown data is never ours by accident. Who it was for, and
# whether there was data, is judged again here, where nobody else can write meanwhile.
#
#   claim-etcd-data DIRECTORY LOCK WAS HELD OWNER [wipe]
#       WAS    the marker as it was read before; empty: there was none
#       HELD   `data` or `none` beside it; `any` where the marker alone is to change
#       OWNER  the marker to write
#       wipe   the data goes first
#
# Prints `claimed MARKER`, and changes nothing, where something else is found. Repeated it finds its work done.
set -euo pipefail
export LC_ALL=C

main() {
  local directory=$1 lock=$2 was=$3 held=$4 owner=$5 wipe=${6-} now='' found=none
  mkdir -p "${lock%/*}"
  # shellcheck disable=SC2174 # What lies above it is not etcd's.
  mkdir -p -m 0700 "$directory"
  exec 9>"$lock"
  flock 9
  if [ -r "$directory/k8s-diskless" ]; then now=$(<"$directory/k8s-diskless"); fi
  if [ -d "$directory/member" ]; then found=data; fi
  if [ "$held" = any ]; then held=$found; fi
  if [ "$now" = "$was" ] && [ "$found" = "$held" ]; then
    if [ "$wipe" = wipe ]; then
      # Where systemd knows no such unit (exit code 5) there is none that runs; else nothing may go that it still writes to.
      systemctl stop etcd.service || [ $? -eq 5 ]
      rm -rf "$directory/member" "$directory/wal" "$directory/restore"
    fi
    printf '%s\n' "$owner" >"$directory/k8s-diskless.new"
    mv -f "$directory/k8s-diskless.new" "$directory/k8s-diskless"
    return
  fi
  # What etcd made since beside a marker that is ours is ours.
  if [ "$now" = "$owner" ] && { [ "$wipe" != wipe ] || [ "$found" = none ]; }; then return; fi
  printf 'claimed %s\n' "$now"
}

main "$@"
