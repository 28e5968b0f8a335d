#!/bin/bash
# What containerd itself says of its configuration, and of the CRI plugin that the kubelet needs. Changes nothing.
#
#   config         is our configuration in effect? Prints nothing then, else one line for each setting that is not:
#                  setting, KEY, what we wrote, what is in effect; or `unreadable` and why.
#   cri [SECONDS [RESTARTS]]
#                  is the CRI plugin up? Prints nothing then, else why not, and ends with exit code 1 after `silent`:
#                  containerd did not answer within these seconds (default 0: one question), or 2 where waiting cannot
#                  help: after `cri` it answers, and after `ended` it has ended for good. RESTARTS: how often systemd had
#                  started it again when the look began (default: until now).
#
# Parts of a line are separated by the character US. Works with containerd 1.6 to 2.4 and needs nothing beside bash.
set -uo pipefail
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

config=${K8S_DISKLESS_CONTAINERD_CONFIG:-/etc/containerd/config.toml}
us=$'\x1f'
# So often systemd starts it again, until nothing more is hoped for: containerd waits for nobody.
hopeless_ends=3
cri_plugins=(io.containerd.grpc.v1.cri io.containerd.cri.v1.runtime io.containerd.cri.v1.images)

property() {
  systemctl show -p "$1" --value containerd.service
}

# The containerd that the unit starts, which need not be the first of PATH. Behind another program (env, on Flatcar before
# 3815) its path may hold variables, which systemd does not resolve here: then it is the one that runs, or that of PATH.
program() {
  local exec pid word words
  exec=$(property ExecStart)
  exec=${exec#*'argv[]='}
  read -ra words <<<"${exec%% ;*}"
  pid=$(property MainPID)
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

# The reason it gave itself, where it gave one: what it logs as it goes down comes after that.
last_words() {
  local lines line said=''
  readarray -t lines < <(journalctl -q --no-pager -o cat -n 100 _SYSTEMD_UNIT=containerd.service 2>/dev/null)
  for line in "${lines[@]}"; do
    case $line in 'containerd: '* | 'panic: '* | 'fatal error: '* | *level=fatal*) said=$line ;; esac
  done
  [ -n "$said" ] || said=${lines[*]: -1}
  printf '%s' "${said:-its log is empty, systemd calls it $(property Result)}"
}

# Why it will not answer before somebody else does something; nothing while it may.
why_ended() {
  local before=$1 restarts
  restarts=$(property NRestarts)
  case $(property ActiveState) in
    failed | inactive) printf 'has ended, and systemd does not start it again: %s' "$(last_words)" ;;
    *)
      [ $((restarts - before)) -lt "$hopeless_ends" ] ||
        printf 'keeps ending, systemd started it again %s times: %s' "$restarts" "$(last_words)"
      ;;
  esac
}

check_cri() {
  local until=$((SECONDS + ${1:-0})) before=${2-} answer ended
  before=${before:-$(property NRestarts)}
  # Of a plugin that is not loaded there is nothing at all; without -d there would be no reason.
  until answer=$(timeout 5 ctr --connect-timeout 2s plugins ls -d id==cri 2>&1); do
    ended=$(why_ended "$before")
    if [ -n "$ended" ]; then
      printf '%s\n' "ended$us$ended"
      return 2
    fi
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
  cri) check_cri "${2-0}" "${3-}" ;;
  *)
    echo "usage: $0 config | cri [SECONDS [RESTARTS]]" >&2
    exit 64
    ;;
esac
