import { PATHS } from '../node/paths.js';
import { shellQuote } from '../ssh/quote.js';

export interface ReceiverOptions {
  clusterId: string;
  incarnation: number;
  /** SELinux labels must be restored after a file was moved into place. */
  relabel: boolean;
}

/**
 * The command that receives one ordered stream of segments on stdin and acknowledges each on stdout.
 *
 *   operator → node   `segment ID ENCODING MANIFEST_BYTES BODY_BYTES\n`, the manifest, the body, its SHA-256; repeated
 *                     `remove ID - MANIFEST_BYTES 0\n`, paths one per line
 *   node → operator   `ready`, then `done ID` per segment, or `corrupt ID …`
 *
 * Files get the time of their arrival: systemd tells a changed unit by a newer one (NeedDaemonReload).
 *
 * The body is a compressed tar stream; manifest lines are `sha256 mode entry path`. What arrived is hashed as it comes,
 * compressed: coreutils' sha256sum takes 2.6 s of CPU for the 440 MB that a control plane unpacks, a quarter of that for
 * what travels. Artifacts were proven to be what their name says when they were compressed, and zstd frames and gzip
 * members carry checksums of what they hold; rendered files are hashed one by one as well. Files are unpacked beside their
 * place, verified, and renamed; only then they are written into the marker. Where the target is another filesystem
 * than the staging area the file is first copied to a temporary name in its directory, so that the last act is a
 * rename everywhere. Unpacking yields the processor to services that were started while the rest still arrives. Several
 * may run at once; each has its own staging area.
 */
export function receiverCommand(options: ReceiverOptions): string {
  const { clusterId, incarnation, relabel } = options;
  return `nice -n 5 bash -c ${shellQuote(RECEIVER)} receiver ${shellQuote(clusterId, String(incarnation), relabel ? 'relabel' : '')}`;
}

const RECEIVER = `set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
stage=${PATHS.staging}/$$ marker=${PATHS.marker}
for stale in ${PATHS.staging}/*; do [ -d "/proc/\${stale##*/}" ] || rm -rf "$stale"; done
mkdir -p -m 0700 ${PATHS.staging} "$stage" "$marker/units"
exec 9>"$marker/lock"
trap 'rm -rf "$stage"' EXIT
[ -e "$marker/cluster" ] || { printf '%s %s\\n' "$1" "$2" >"$marker/cluster.$$"; mv -f "$marker/cluster.$$" "$marker/cluster"; }
touch "$marker/files"
stage_device=$(stat -c %d "$stage")
digest=sha256sum
if command -v openssl >/dev/null; then digest='openssl dgst -sha256 -r'; fi
echo ready

install_segment() {
  local id=$1 work=$stage/$1 i sha mode entry path
  local -a shas=() entries=() paths=() dirs=() devices=() stats=()
  local -A index=()
  while read -r sha mode entry path; do
    shas+=("$sha"); entries+=("$entry"); paths+=("$path")
    [ -n "\${index[\${path%/*}]+known}" ] || { index[\${path%/*}]=\${#dirs[@]}; dirs+=("\${path%/*}"); }
    [ "$entry" = "$sha" ] || printf '%s  %s\\n' "$sha" "$entry" >>"$work.sums"
  done <"$work.manifest"
  if [ -s "$work.sums" ]; then
    (cd "$work" && sha256sum -c --quiet --strict "$work.sums") >&2 || { echo "corrupt $id"; exit 65; }
  fi
  (umask 022; mkdir -p -- "\${dirs[@]}")
  readarray -t devices < <(stat -L -c %d -- "\${dirs[@]}")
  while read -r sha mode entry path; do
    [ "$entry" != "$sha" ] || chmod "$mode" "$work/$entry"
    if [ "\${devices[\${index[\${path%/*}]}]}" = "$stage_device" ]; then
      mv -fT -- "$work/$entry" "$path"
    else
      mv -fT -- "$work/$entry" "$path.k8s-diskless-$$"
      mv -fT -- "$path.k8s-diskless-$$" "$path"
    fi
  done <"$work.manifest"
  [ "$3" != relabel ] || restorecon -F -- "\${paths[@]}" >&2
  readarray -t stats < <(stat -c '%a %s:%i:%.9Y:%.9Z' -- "\${paths[@]}")
  local lines=
  for i in "\${!paths[@]}"; do
    case \${paths[i]} in ${PATHS.images}/*) continue ;; esac
    lines+="\${shas[i]} \${stats[i]} - \${paths[i]}"$'\\n'
  done
  flock 9; printf '%s' "$lines" >>"$marker/files"; flock -u 9
}

remove_files() {
  local path line; local -A gone=()
  flock 9
  while IFS= read -r path; do rm -f -- "$path"; gone[$path]=1; done <"$1"
  while IFS= read -r line; do path=\${line#* - }; [ -n "\${gone[$path]+x}" ] || printf '%s\\n' "$line"; done <"$marker/files" >"$marker/files.new"
  mv -f "$marker/files.new" "$marker/files"
  flock -u 9
}

while IFS=' ' read -r word id encoding manifest_bytes body_bytes; do
  mkdir "$stage/$id"
  head -c "$manifest_bytes" >"$stage/$id.manifest"
  case $word in
    remove) remove_files "$stage/$id.manifest" ;;
    segment)
      case $encoding in zstd) unpack='zstd -dcq' ;; gzip) unpack='gzip -dcq' ;; *) exit 64 ;; esac
      mkfifo "$stage/$id.pipe"
      $digest <"$stage/$id.pipe" >"$stage/$id.digest" &
      head -c "$body_bytes" | tee "$stage/$id.pipe" | $unpack | tar -x -p -m --no-same-owner -C "$stage/$id"
      wait $!
      read -r expected
      read -r actual _ <"$stage/$id.digest"
      [ "$actual" = "$expected" ] || { echo "corrupt $id"; exit 65; }
      install_segment "$id" "$stage" "$3" ;;
    *) exit 64 ;;
  esac
  rm -rf "$stage/$id" "$stage/$id".*
  echo "done $id"
done
`;
