#!/bin/bash
# Brings an image archive that has arrived into containerd, where the kubelet will not remove it, and removes the archive.
#
#   import-image MARKER ARCHIVE SHA256 REFERENCE...   the hash of the archive, and the names of its images
#
# Run again after a lost connection it waits for the one that still runs, and finds its work done: the archive is gone by
# then, and the marker knows its hash.
set -euo pipefail
export LC_ALL=C

marker=$1 archive=$2 sha256=$3
shift 3

exec 9>"$marker/import.lock"
flock 9
if [ ! -e "$archive" ] && grep -qsxF "$sha256" "$marker/images"; then exit 0; fi
# Since containerd 1.7 an archive goes to the daemon in messages, unless told otherwise: more than twice the processor time.
directly=()
case $(ctr -n k8s.io images import --help) in *--local*) directly=(--local) ;; esac
ctr -n k8s.io images import "${directly[@]}" "$archive" >/dev/null
for reference in "$@"; do
  ctr -n k8s.io images label "$reference" io.cri-containerd.pinned=pinned >/dev/null
done
printf '%s\n' "$sha256" >>"$marker/images"
rm -f "$archive"
