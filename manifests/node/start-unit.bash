#!/bin/bash
# Starts or restarts one of our units, and notes in the marker what it was started with.
#
#   start-unit MARKER UNIT start|restart FINGERPRINT block|no-block [CONTAINERD_CHECK SECONDS]
#       FINGERPRINT        of all that the unit is started with
#       no-block           not to wait until it says that it has started
#       CONTAINERD_CHECK   k8s-diskless-containerd, which is asked before and after: the unit is containerd's
#       SECONDS            how long its CRI plugin may take to come up
#
# Prints nothing, or what containerd's check tells. Then the unit counts as not started, and the next run tries again.
set -euo pipefail
export LC_ALL=C

marker=$1 unit=$2 verb=$3 fingerprint=$4 wait=$5 check=${6-} patience=${7-}
mark=$marker/units/$unit

property() { systemctl show -p "$1" --value "$unit"; }

# checked QUESTION...: whether there is no check, or it has nothing to tell, which is its consent only if it did not fail.
checked() {
  local told
  [ -n "$check" ] || return 0
  told=$("$check" "$@") || [ -n "$told" ] || exit
  [ -n "$told" ] || return 0
  printf '%s\n' "$told"
  return 1
}

checked config || exit 0
if [ "$(property NeedDaemonReload)" = yes ]; then systemctl daemon-reload; fi
# A service that is stopped while it starts has failed, and a restart would report that as its own end.
if [ "$verb" = restart ] && [ "$(property ActiveState)" = activating ]; then systemctl stop "$unit" || true; fi
systemctl reset-failed "$unit" 2>/dev/null || true
if [ "$wait" = no-block ]; then
  systemctl --no-block "$verb" "$unit"
else
  systemctl "$verb" "$unit"
fi
if ! checked cri "$patience"; then
  rm -f "$mark"
  exit 0
fi
mkdir -p "$marker/units"
printf '%s\n' "$fingerprint" >"$mark.new"
mv -f "$mark.new" "$mark"
