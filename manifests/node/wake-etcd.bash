#!/bin/bash
# Starts a member of etcd that is stopped, with what the machine holds, and does not wait for it: it serves clients only
# once there is a quorum.
#
#   wake-etcd MARKER OWNER LOCK
#       MARKER  the file beside its data, which must still hold OWNER
#       LOCK    held by whoever changes what lies there: nothing is started on files that are being deleted
set -euo pipefail
export LC_ALL=C

main() {
  local marker=$1 owner=$2 lock=$3
  mkdir -p "${lock%/*}"
  exec 9>"$lock"
  flock 9
  [ "$(<"$marker")" = "$owner" ]
  systemctl reset-failed etcd.service 2>/dev/null || true
  systemctl --no-block start etcd.service
}

main "$@"
