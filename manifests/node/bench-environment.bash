#!/bin/bash
# Prints what the environment of a benchmark tells of a node, one `key=value` a line: bench-environment ADDRESS
shopt -s nullglob
address=$1
link=$(ip -o -4 addr show to "$address" | { read -r _ name _; echo "$name"; })
say() { [[ -n $2 ]] && printf '%s=%s\n' "$1" "$2"; }
. /etc/os-release
say os "$PRETTY_NAME"
say kernel "$(uname -r)"
say arch "$(uname -m)"
while IFS=: read -r key value; do
  [[ $key == 'model name'* || $key == 'Model'* ]] && { say cpu "${value# }"; break; }
done </proc/cpuinfo
say cores "$(nproc)"
say governor "$(cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor 2>/dev/null)"
for file in /sys/devices/system/cpu/vulnerabilities/*; do
  [[ $(<"$file") == Mitigation* ]] && say mitigation "${file##*/}"
done
while read -r key value _; do [[ $key == MemTotal: ]] && say memory "$value"; done </proc/meminfo
say nic "$link"
say mtu "$(cat "/sys/class/net/$link/mtu")"
say speed "$(cat "/sys/class/net/$link/speed" 2>/dev/null)"
[[ -e /sys/class/net/$link/device ]] && say physical yes
ethtool -i "$link" 2>/dev/null | while IFS=: read -r key value; do
  case $key in driver) say driver "${value# }" ;; firmware-version) say firmware "${value# }" ;; esac
done
ethtool -k "$link" 2>/dev/null | while read -r key value _; do [[ $value == on ]] && say offload "${key%:}"; done
read -ra words <<<"$(ip -o link show dev "$link")"
for ((i = 0; i < ${#words[@]}; i++)); do [[ ${words[i]} == qdisc ]] && say qdisc "${words[i + 1]}"; done
exit 0
