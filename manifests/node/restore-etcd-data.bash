#!/bin/bash
# Makes a member's data directory out of a snapshot, with the tool that comes with it on stdin: a compressed archive of both,
# each named by its SHA-256. Nobody sees a directory that is half made: it is moved into its place when it is whole.
#
#   restore-etcd-data DIRECTORY LOCK OWNER SCRATCH DECOMPRESS TOOL SNAPSHOT NAME CLUSTER TOKEN URL BUMP
#       OWNER       what the marker in DIRECTORY has to say: it was claimed for this very attempt
#       SCRATCH     inside DIRECTORY, which may be a file system of its own; what an earlier try left there goes
#       DECOMPRESS  `zstd` or `gzip`
#       TOOL, SNAPSHOT  names in the archive
#       NAME, CLUSTER, TOKEN, URL   of the member: etcd's name, initial-cluster, initial-cluster-token and peer URL
#       BUMP        by how much the snapshot's revisions are raised: the same on all members
#
# Prints `restored`; `present` where it finds its work done; `claimed MARKER`, having changed nothing, where the directory is
# claimed for something else.
set -euo pipefail
export LC_ALL=C

marker_of() { [ ! -r "$1/k8s-diskless" ] || cat "$1/k8s-diskless"; }

# is_done DIRECTORY OWNER: nothing is left to do, and is said.
is_done() {
  local now
  now=$(marker_of "$1")
  if [ "$now" != "$2" ]; then
    printf 'claimed %s\n' "$now"
  elif [ -d "$1/member" ]; then
    echo present
  else
    return 1
  fi
}

# sweep DIRECTORY: what those left there that were killed, each under the number of its process.
sweep() {
  local old
  for old in "$1"/*; do
    if [ -e "$old" ] && ! kill -0 "${old##*/}" 2>/dev/null; then rm -rf "$old"; fi
  done
}

main() {
  local directory=$1 lock=$2 owner=$3 decompress=$5 tool=$6 snapshot=$7
  local name=$8 cluster=$9 token=${10} url=${11} bump=${12}
  base=$4
  if is_done "$directory" "$owner"; then
    # Whoever sends waits for all of it to be taken.
    cat >/dev/null
    return
  fi
  # Of a connection that was lost another one may still run: each has a place of its own.
  mkdir -p "$base"
  chmod 0700 "$base"
  sweep "$base"
  scratch=$base/$$
  mkdir "$scratch"
  # It holds the cluster's secrets, in RAM.
  trap 'rm -rf "$scratch"; rmdir "$base" 2>/dev/null || true' EXIT
  "$decompress" -dc | tar -x -C "$scratch" --no-same-owner
  (cd "$scratch" && printf '%s  %s\n' "$tool" "$tool" "$snapshot" "$snapshot" | sha256sum --check --quiet)
  chmod 0700 "$scratch/$tool"
  chmod 0600 "$scratch/$snapshot"
  # From here on one at a time, and whoever comes second finds the work done.
  exec 9>"$lock"
  flock 9
  if is_done "$directory" "$owner"; then return; fi
  "$scratch/$tool" snapshot restore "$scratch/$snapshot" --data-dir "$scratch/data" --name "$name" \
    --initial-cluster "$cluster" --initial-cluster-token "$token" --initial-advertise-peer-urls "$url" \
    --bump-revision "$bump" --mark-compacted >"$scratch/log" 2>&1 || {
    tail -n 20 "$scratch/log" >&2
    exit 1
  }
  # RAM is the disk.
  rm -f "$scratch/$tool" "$scratch/$snapshot"
  if is_done "$directory" "$owner"; then return; fi
  sync -f "$scratch/data"
  mv "$scratch/data/member" "$directory/member"
  sync -f "$directory"
  if [ -x "$(command -v restorecon)" ]; then restorecon -R "$directory" || true; fi
  echo restored
}

main "$@"
