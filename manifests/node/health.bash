#!/bin/bash
# Waits until all daemons are well, and prints nothing then. When its time is up, or one of them keeps ending or has ended
# for good, it prints a line `unhealthy UNIT WHY` for each that is not; WHY is the rest of a sentence about it.
#
#   health SECONDS CONTAINERD_CHECK [UNIT URL]...   how long to wait; k8s-diskless-containerd, which tells of its CRI
#                                                   plugin; daemons with what they answer their health at
#
# The node looks itself, so that the operator learns of it in one round trip.
set -u
export LC_ALL=C

# A daemon that ended before must have outlived this many seconds: longer than the start of one that ends again.
steady=3
# So often systemd starts a daemon again while it is looked at, until nothing more is hoped for: counted in attempts, since
# a daemon that has to wait for another one needs more time, and no more attempts, where everything is slow.
hopeless_ends=15

until=$((SECONDS + $1))
containerd_check=$2
shift 2
units=()
# For one curl that asks them all.
requests=()
while (($# > 0)); do
  units+=("$1")
  requests+=(-o /dev/null "$2")
  shift 2
done
# The last one is asked in another way.
containerd=${#units[@]}
units+=(containerd.service)

# Each look finds these anew: sentences about what is not well, and those among them that waiting will not change.
failing=()
hopeless=()
# What each unit answers, and what systemd tells of it.
answers=() restarts=() started=() states=()
# How often systemd had started each of them again when it was looked at first.
before=()

# property NAME ARRAY: that property of each unit; systemd separates them by empty lines.
property() {
  readarray -t "$2" < <(systemctl show -p "$1" --value -- "${units[@]}" | grep .)
}

ask() {
  readarray -t answers < <(curl -sk --noproxy '*' -m 3 -w '%{http_code}\n' "${requests[@]}")
  property NRestarts restarts
  property ExecMainStartTimestampMonotonic started
  property ActiveState states
  ((${#before[@]} > 0)) || before=("${restarts[@]}")
}

# Nothing, or why containerd's CRI plugin is not up. It loads its plugins once, when it starts: what is well stays so for as
# long as it runs.
cri=unknown
life=
look_at_containerd() {
  local ended=0 now="${states[containerd]-} ${restarts[containerd]-}"
  answers[containerd]=200
  [[ $cri || $now != "$life" ]] || return
  life=$now
  cri=$("$containerd_check" cri 0 "${before[containerd]:-0}") || ended=$?
  # Silence is consent only where somebody has looked.
  [[ $cri || $ended == 0 ]] || cri=$'\x1f'"was not asked: $containerd_check ended with exit code $ended"
  [[ $cri ]] || return
  answers[containerd]=told
  failing+=("containerd.service ${cri#*$'\x1f'}")
  # Only its next start can help.
  ((ended != 2)) || hopeless+=("${failing[@]}")
}

look_at_daemons() {
  local uptime age ending i
  read -r uptime _ </proc/uptime
  for i in "${!units[@]}"; do
    age=$((${uptime%.*} - ${started[i]:-0} / 1000000))
    ending="${units[i]} keeps ending: systemd started it again ${restarts[i]:-0} times"
    case ${answers[i]:-000} in
      # 401, 403: it is there, and tells its health only to those it knows.
      200 | 401 | 403)
        if ((${restarts[i]:-0} == 0 || age >= steady)); then continue; fi
        failing+=("$ending")
        ;;
      told) continue ;;
      000)
        failing+=("${units[i]} does not answer")
        [[ ${states[i]-} != failed ]] || hopeless+=("${units[i]} has failed, and systemd does not start it again")
        ;;
      *) failing+=("${units[i]} answers with HTTP ${answers[i]}") ;;
    esac
    if ((${restarts[i]:-0} - ${before[i]:-0} >= hopeless_ends)); then hopeless+=("$ending"); fi
  done
}

while :; do
  failing=() hopeless=()
  ask
  look_at_containerd
  look_at_daemons
  ((${#failing[@]} > 0)) || exit 0
  if ((${#hopeless[@]} > 0)); then
    failing=("${hopeless[@]}")
    break
  fi
  ((SECONDS < until)) || break
  sleep 0.2
done
printf 'unhealthy %s\n' "${failing[@]}"
