#!/bin/bash
# What containerd itself says of its configuration, and of the CRI plugin that the kubelet needs. Changes nothing.
#
#   config         is our configuration in effect? Prints nothing then, else one line for each setting that is not:
#                  setting, KEY, what we wrote, what is in effect; or `unreadable` and why.
#   cri [SECONDS]  is the CRI plugin up? Prints nothing then, else why not, and ends with exit code 1 after `silent`:
#                  containerd did not answer within these seconds (default 0: one question), or 2 after `cri`: it answers,
#                  and only its next start can help.
#
# Parts of a line are separated by the character US. Works with containerd 1.6 to 2.4 and needs nothing beside bash.
set -uo pipefail
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

config=${K8S_DISKLESS_CONTAINERD_CONFIG:-/etc/containerd/config.toml}
us=$'\x1f'
cri_plugins=(io.containerd.grpc.v1.cri io.containerd.cri.v1.runtime io.containerd.cri.v1.images)

# The containerd that the unit starts, which need not be the first of PATH. Behind another program (env, on Flatcar before
# 3815) its path may hold variables, which systemd does not resolve here: then it is the one that runs, or that of PATH.
program() {
  local exec pid word words
  exec=$(systemctl show -p ExecStart --value containerd.service)
  exec=${exec#*'argv[]='}
  read -ra words <<<"${exec%% ;*}"
  pid=$(systemctl show -p MainPID --value containerd.service)
  for word in "${words[@]}" "$(readlink "/proc/$pid/exe")"; do
    if [[ $word == */containerd && -x $word ]]; then
      printf '%s' "$word"
      return
    fi
  done
  command -v containerd
}

# TABLE US KEY US VALUE of each setting of a TOML text, in one way of quoting. What containerd writes, and what we do, has
# one setting on each line.
flatten() {
  local line table='' key value
  while read -r line; do
    line=${line//\'/\"}
    case $line in
      '[['* | '#'*) ;;
      '['*']') table=${line:1:-1} ;;
      *=*)
        key=${line%%=*} value=${line#*=}
        printf '%s\n' "$table$us${key%"${key##*[! ]}"}$us${value#"${value%%[! ]*}"}"
        ;;
    esac
  done
}

check_config() {
  local command dump table key value found plugin
  command=(timeout 20 "$(program)" --config "$config" config dump)
  if ! dump=$("${command[@]}" 2>/dev/null); then
    printf '%s\n' "unreadable$us$("${command[@]}" 2>&1 >/dev/null | tail -n 1)"
    return
  fi
  local -A effective=()
  while IFS=$us read -r table key value; do effective["$table$us$key"]=$value; done < <(flatten <<<"$dump")
  while IFS=$us read -r table key value; do
    # The format of the file, which containerd translates to the newest that it knows.
    [ "$table$key" = version ] && continue
    found=${effective["$table$us$key"]-}
    [ "$found" = "$value" ] || printf '%s\n' "setting$us${table:+$table.}$key$us$value$us$found"
  done < <(flatten <"$config")
  found=${effective["${us}disabled_plugins"]-}
  for plugin in "${cri_plugins[@]}"; do
    [[ $found != *"\"$plugin\""* ]] || printf '%s\n' "setting${us}disabled_plugins${us}[]$us$found"
  done
}

check_cri() {
  local until=$((SECONDS + ${1:-0})) answer
  # Of a plugin that is not loaded there is nothing at all; without -d there would be no reason.
  until answer=$(timeout 5 ctr --connect-timeout 2s plugins ls -d id==cri 2>&1); do
    if [ "$SECONDS" -ge "$until" ]; then
      printf '%s\n' "silent${us}does not answer: ${answer##*$'\n'}"
      return 1
    fi
    sleep 0.2
  done
  if ! [[ $answer =~ (^|$'\n')ID:\ +cri($|$'\n') ]]; then
    printf '%s\n' "cri${us}runs without its CRI plugin: something disables it"
    return 2
  fi
  [[ $answer =~ (^|$'\n')Error: ]] || return 0
  [[ $answer =~ Message:\ +([^$'\n']*) ]] || BASH_REMATCH=('' 'it does not say why')
  printf '%s\n' "cri${us}runs, but its CRI plugin does not: ${BASH_REMATCH[1]}"
  return 2
}

case ${1-} in
  config) check_config ;;
  cri) check_cri "${2-0}" ;;
  *)
    echo "usage: $0 config | cri [SECONDS]" >&2
    exit 64
    ;;
esac
