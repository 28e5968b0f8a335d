#!/bin/bash
# Prints `unreached ADDRESS` for each machine that a TCP connection does not reach.
#
#   reach SECONDS PORT ADDRESS...   how long each may take; all are tried at once
set -u
# By its words a refusal is told: it comes from a machine that was reached, where nothing listens yet.
export LC_ALL=C

seconds=$1 port=$2
shift 2

look() {
  local said
  # shellcheck disable=SC2016 # They are the other bash's arguments.
  said=$(timeout "$seconds" bash -c 'exec 3<>"/dev/tcp/$1/$2"' reach "$1" "$port" 2>&1) && return
  [[ $said == *refused* ]] || echo "unreached $1"
}

for address in "$@"; do look "$address" & done
wait
