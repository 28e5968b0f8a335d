#!/bin/sh
# Stands in for OpenSSH's `ssh -G` where tests of the fast lane need an answer of it: Host with patterns and the keywords
# below, one value to a line. Whatever it does not know it refuses. That it answers as ssh does is held by
# ssh.reference.test.ts.
set -euf

refuse() {
  printf '%s\n' "ssh stand-in: $1" >&2
  exit 255
}

file=/dev/null host='' seen=' '

# The first value of a keyword wins, but identity files gather.
take() {
  case $seen in *" $1 "*) [ "$1" = identityfile ] || return 0 ;; esac
  seen="$seen$1 "
  printf '%s %s\n' "$1" "$2"
}

# Whether one of the patterns matches the host as it was asked for, and none that is negated.
matches() {
  found=1
  for pattern; do
    # shellcheck disable=SC2254
    case $pattern in
      !*) case $host in ${pattern#!}) return 1 ;; esac ;;
      *) case $host in $pattern) found=0 ;; esac ;;
    esac
  done
  return $found
}

while [ $# -gt 0 ]; do
  case $1 in
    -G) shift ;;
    -F) file=$2 && shift 2 ;;
    -l) take user "$2" && shift 2 ;;
    -p) take port "$2" && shift 2 ;;
    --) host=$2 && shift 2 ;;
    *) refuse "argument $1" ;;
  esac
done

applies=true
while read -r keyword value || [ -n "$keyword" ]; do
  case $keyword in
    '' | '#'*) continue ;;
    Host)
      # shellcheck disable=SC2086
      if matches $value; then applies=true; else applies=false; fi
      continue
      ;;
    HostName) name=hostname ;;
    User) name=user ;;
    Port) name=port ;;
    IdentityFile) name=identityfile ;;
    IdentityAgent) name=identityagent ;;
    IdentitiesOnly) name=identitiesonly ;;
    UserKnownHostsFile) name=userknownhostsfile ;;
    GlobalKnownHostsFile) name=globalknownhostsfile ;;
    HostKeyAlias) name=hostkeyalias ;;
    ProxyJump) name=proxyjump ;;
    ProxyCommand) name=proxycommand ;;
    ConnectTimeout) name=connecttimeout ;;
    ServerAliveInterval) name=serveraliveinterval ;;
    ServerAliveCountMax) name=serveralivecountmax ;;
    *) refuse "$file: keyword $keyword" ;;
  esac
  if $applies; then take "$name" "$value"; fi
done <"$file"

case $seen in *' identityfile '*) ;; *)
  # shellcheck disable=SC2088
  for type in rsa ecdsa ecdsa_sk ed25519 ed25519_sk xmss dsa; do take identityfile "~/.ssh/id_$type"; done ;;
esac
case $seen in *' user '*) ;; *) take user "$(id -un)" ;; esac
take hostname "$host"
take port 22
take identitiesonly no
take stricthostkeychecking ask
take userknownhostsfile "${HOME:-}/.ssh/known_hosts ${HOME:-}/.ssh/known_hosts2"
take globalknownhostsfile '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'
