#!/bin/bash
# Stops units that write to etcd's data, or etcd itself: what they would write from now on is in no copy of it.
#
#   fence-etcd UNIT...
set -euo pipefail
export LC_ALL=C

main() {
  local unit
  for unit; do
    # Where systemd knows no such unit (exit code 5) there is none that runs.
    systemctl stop "$unit" || [ $? -eq 5 ]
  done
}

main "$@"
