#!/bin/bash
# Receives one ordered stream of segments on stdin, installs what they hold and acknowledges each on stdout.
#
#   receive-files CLUSTER_ID INCARNATION GENERATION OPERATOR MARKER STAGING IMAGES [relabel]
#       GENERATION, OPERATOR   of the copy of the operator's state that sends; the machine keeps the latest one
#       MARKER   directory that tells what we installed in this boot; made if need be, with whose it is
#       STAGING  where files are unpacked, on the file system of most of them
#       IMAGES   archives below it are no files of ours, only on their way into containerd
#       relabel  SELinux labels must be restored after a file was moved into place
#
#   operator -> node   `segment ID ENCODING MANIFEST_BYTES BODY_BYTES`, the manifest, the body, its SHA-256; repeated
#                      `remove ID - MANIFEST_BYTES 0`, paths one per line
#   node -> operator   `ready`, then `done ID` for each, or `corrupt ID` and the end; or at once `owned CLUSTER_ID`, where
#                      the node is another cluster's, or `superseded GENERATION`, where another copy has taken over
#
# The body is a compressed tar stream; manifest lines are `SHA256 MODE ENTRY PATH`. What arrived is hashed as it comes,
# compressed: sha256sum of coreutils takes 2.6 s of CPU for the 440 MB that a control plane unpacks, a quarter of that for
# what travels. Artifacts, whose entry is named by their hash, were proven to be what it says when they were compressed, and
# zstd frames and gzip members carry checksums of what they hold; rendered files are hashed one by one as well. Files are
# unpacked beside their place, verified, and renamed; only then they are written into the marker. They get the time of their
# arrival: systemd tells a changed unit by a newer one (NeedDaemonReload).
#
# Several may run at once; each has its own staging area.
set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

cluster_id=$1 incarnation=$2 generation=$3 operator=$4 marker=$5 staging=$6 images=$7 relabel=${8-}
stage=$staging/$$

# Areas of receivers that were killed go; ours goes when we end, however that is.
prepare() {
  local stale owner
  for stale in "$staging"/*; do [ -d "/proc/${stale##*/}" ] || rm -rf "$stale"; done
  # shellcheck disable=SC2174 # These three are to be closed; what lies above them is not ours.
  mkdir -p -m 0700 "$staging" "$stage" "$marker/units"
  # Held while the list of installed files is written.
  exec 9>"$marker/lock"
  trap 'rm -rf "$stage"' EXIT
  # Of several operators at work on a blank node it belongs to the first, whole from the beginning.
  if ! [ -e "$marker/cluster" ]; then
    printf '%s %s\n' "$cluster_id" "$incarnation" >"$marker/cluster.$$"
    ln "$marker/cluster.$$" "$marker/cluster" 2>/dev/null || true
    rm -f "$marker/cluster.$$"
  fi
  read -r owner _ <"$marker/cluster"
  if [ "$owner" != "$cluster_id" ]; then
    echo "owned $owner"
    exit 66
  fi
  take_over
  touch "$marker/files"
  stage_device=$(stat -c %d "$stage")
  digest=(sha256sum)
  if command -v openssl >/dev/null; then digest=(openssl dgst -sha256 -r); fi
}

# Of several copies of one operator's state the latest one acts. Where none is noted, it is the first.
take_over() {
  local found='' by=''
  flock 9
  if [ -r "$marker/operator" ]; then read -r found by <"$marker/operator" || true; fi
  # What is no such note counts as none.
  case $found in '' | *[!0-9]*) by='' ;; esac
  if [ -z "$by" ]; then found=0; fi
  if [ "$found" -gt "$generation" ] || { [ "$found" -eq "$generation" ] && [ "$by" != "$operator" ]; }; then
    echo "superseded $found"
    exit 67
  fi
  if [ "$found" -ne "$generation" ]; then
    printf '%s %s\n' "$generation" "$operator" >"$marker/operator.$$"
    mv -f "$marker/operator.$$" "$marker/operator"
  fi
  flock -u 9
}

corrupt() {
  echo "corrupt $1"
  exit 65
}

# receive_segment ID ENCODING BODY_BYTES
receive_segment() {
  local id=$1 unpack expected actual
  case $2 in zstd) unpack=zstd ;; gzip) unpack=gzip ;; *) exit 64 ;; esac
  mkfifo "$stage/$id.pipe"
  "${digest[@]}" <"$stage/$id.pipe" >"$stage/$id.digest" &
  head -c "$3" | tee "$stage/$id.pipe" | "$unpack" -dcq | tar -x -p -m --no-same-owner -C "$stage/$id"
  wait $!
  read -r expected
  read -r actual _ <"$stage/$id.digest"
  [ "$actual" = "$expected" ] || corrupt "$id"
  verify_rendered "$id"
  install_segment "$id"
}

verify_rendered() {
  local sha mode entry path
  while read -r sha mode entry path; do
    [ "$entry" = "$sha" ] || printf '%s  %s\n' "$sha" "$entry" >>"$stage/$1.sums"
  done <"$stage/$1.manifest"
  if [ -s "$stage/$1.sums" ]; then
    (cd "$stage/$1" && sha256sum -c --quiet --strict "$stage/$1.sums") >&2 || corrupt "$1"
  fi
}

# Moves what was unpacked into place. Where the target is on another file system than the staging area it is first copied
# to a temporary name in its directory, so that the last act is a rename everywhere.
install_segment() {
  local work=$stage/$1 sha mode entry path i
  # Of all files, by their order; `index` is that of a file's directory in `dirs`.
  local -a shas=() paths=() dirs=() devices=()
  local -A index=()
  while read -r sha mode entry path; do
    shas+=("$sha")
    paths+=("$path")
    if [ -z "${index[${path%/*}]+known}" ]; then
      index[${path%/*}]=${#dirs[@]}
      dirs+=("${path%/*}")
    fi
  done <"$work.manifest"
  (umask 022; mkdir -p -- "${dirs[@]}")
  readarray -t devices < <(stat -L -c %d -- "${dirs[@]}")
  while read -r sha mode entry path; do
    # Rendered files have their mode from the archive.
    [ "$entry" != "$sha" ] || chmod "$mode" "$work/$entry"
    i=${index[${path%/*}]}
    if [ "${devices[i]}" = "$stage_device" ]; then
      mv -fT -- "$work/$entry" "$path"
    else
      mv -fT -- "$work/$entry" "$path.k8s-diskless-$$"
      mv -fT -- "$path.k8s-diskless-$$" "$path"
    fi
  done <"$work.manifest"
  [ "$relabel" != relabel ] || restorecon -F -- "${paths[@]}" >&2
  mark_installed
}

# Adds a line for each file of install_segment to the marker, all of them at once.
mark_installed() {
  local lines='' i
  local -a stats=()
  readarray -t stats < <(stat -c '%a %s:%i:%.9Y:%.9Z' -- "${paths[@]}")
  for i in "${!paths[@]}"; do
    case ${paths[i]} in "$images"/*) continue ;; esac
    lines+="${shas[i]} ${stats[i]} - ${paths[i]}"$'\n'
  done
  flock 9
  printf '%s' "$lines" >>"$marker/files"
  flock -u 9
}

# Removes the files of a list, and their lines from the marker.
remove_files() {
  local path line
  local -A gone=()
  flock 9
  while IFS= read -r path; do
    rm -f -- "$path"
    gone[$path]=1
  done <"$1"
  while IFS= read -r line; do
    [ -n "${gone[${line#* - }]+gone}" ] || printf '%s\n' "$line"
  done <"$marker/files" >"$marker/files.new"
  mv -f "$marker/files.new" "$marker/files"
  flock -u 9
}

prepare
echo ready
while IFS=' ' read -r word id encoding manifest_bytes body_bytes; do
  mkdir "$stage/$id"
  head -c "$manifest_bytes" >"$stage/$id.manifest"
  case $word in
    segment) receive_segment "$id" "$encoding" "$body_bytes" ;;
    remove) remove_files "$stage/$id.manifest" ;;
    *) exit 64 ;;
  esac
  rm -rf "$stage/$id" "$stage/$id".*
  echo "done $id"
done
