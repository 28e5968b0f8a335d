#!/bin/bash
# Restores a snapshot into an etcd of its own, beside the one that runs, and prints the keys that it serves. It comes on
# stdin with the tool for it: a compressed archive of both, each named by its SHA-256. Nothing of the cluster is touched:
# it listens on sockets in a private directory alone, and no apiserver knows it.
#
#   try-snapshot SCRATCH DECOMPRESS TOOL SNAPSHOT BYTES ETCD
#       SCRATCH     in RAM; gone at the end, whatever ends this, and what an earlier try left there with it
#       DECOMPRESS  `zstd` or `gzip`
#       TOOL, SNAPSHOT  names in the archive
#       BYTES       of the snapshot
#       ETCD        program of the node
#
# Prints `serves`, each key in base64 on a line of its own, and `end`; or `no-room NEEDED FREE`, in bytes, having changed
# nothing.
set -euo pipefail
export LC_ALL=C

# What etcd writes ahead of its database.
WAL=$((64 * 1024 * 1024))
# Seconds that it may take to serve: it reads all of the database first.
PATIENCE=120

# free_bytes DIRECTORY: what may be written there, which takes of the same RAM as everything.
free_bytes() {
  local disk ram
  disk=$(df -B1 --output=avail "$1" | tail -n 1)
  ram=$(awk '/^MemAvailable:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
  if [ "$ram" -lt "$disk" ]; then echo "$ram"; else echo "$disk"; fi
}

# sweep DIRECTORY: what those left there that were killed, each under the number of its process.
sweep() {
  local old
  for old in "$1"/*; do
    if [ -e "$old" ] && ! kill -0 "${old##*/}" 2>/dev/null; then rm -rf "$old"; fi
  done
}

# clean_up SCRATCH: ends its etcd, and removes it; it holds the cluster's secrets.
clean_up() {
  local pid
  if [ -e "$1/pid" ]; then
    read -r pid <"$1/pid" || pid=
    if [ -n "$pid" ]; then
      kill -KILL "$pid" 2>/dev/null || true
      tail --pid="$pid" -f /dev/null 2>/dev/null || true
    fi
  fi
  rm -rf "$1"
  rmdir "${1%/*}" 2>/dev/null || true
}

# guard PID SCRATCH: does so when that process is gone, which may have been killed and so did not do it itself.
guard() {
  tail --pid="$1" -f /dev/null
  clean_up "$2"
}

serve() {
  local scratch=$1 etcd=$2
  local client=unix://$scratch/client peer=unix://$scratch/peer
  "$etcd" --name try --data-dir "$scratch/data" --log-level error \
    --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
    --initial-cluster "try=$peer" >"$scratch/log" 2>&1 &
  echo $! >"$scratch/pid"
  # Whoever ends it means to.
  disown
  local deadline=$((SECONDS + PATIENCE))
  # Not its health: an alarm that the snapshot has makes it serve no writes, and all reads.
  until ask "$scratch" '{"key":"AA=="}' >/dev/null 2>&1; do
    if ! kill -0 "$(cat "$scratch/pid")" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
      tail -n 20 "$scratch/log" >&2
      return 1
    fi
    sleep 0.2
  done
}

# ask SCRATCH RANGE
ask() {
  curl -sS --fail --noproxy '*' --unix-socket "$1/client" -d "$2" http://localhost/v3/kv/range
}

main() {
  local base=$1 decompress=$2 tool=$3 snapshot=$4 bytes=$5 etcd=$6
  local needed=$((bytes * 2 + WAL)) free
  free=$(free_bytes "${base%/*}")
  if [ "$free" -lt "$needed" ]; then
    # Whoever sends waits for all of it to be taken.
    cat >/dev/null
    echo "no-room $needed $free"
    return
  fi
  mkdir -p "$base"
  chmod 0700 "$base"
  sweep "$base"
  scratch=$base/$$
  mkdir "$scratch"
  trap 'clean_up "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM
  export -f guard clean_up
  setsid bash -c 'guard "$@"' guard $$ "$scratch" </dev/null >/dev/null 2>&1 &
  "$decompress" -dc | tar -x -C "$scratch" --no-same-owner
  (cd "$scratch" && printf '%s  %s\n' "$tool" "$tool" "$snapshot" "$snapshot" | sha256sum --check --quiet)
  chmod 0700 "$scratch/$tool"
  "$scratch/$tool" snapshot restore "$scratch/$snapshot" --data-dir "$scratch/data" --name try \
    --initial-cluster "try=unix://$scratch/peer" --initial-advertise-peer-urls "unix://$scratch/peer" \
    >"$scratch/log" 2>&1 || {
    tail -n 20 "$scratch/log" >&2
    exit 1
  }
  rm -f "$scratch/$tool" "$scratch/$snapshot"
  serve "$scratch" "$etcd"
  echo serves
  # All keys there are, without their values.
  ask "$scratch" '{"key":"AA==","range_end":"AA==","keys_only":true}' |
    tr '{,' '\n' | sed -n 's/^"key":"\([^"]*\)".*/\1/p'
  echo end
}

main "$@"
