#!/bin/bash
# Builds a container image's layer of Debian packages: debian-layer.sh PACKAGES_FILE WORK_DIR OUT_TAR SUITE APT_OPTIONS_FILE APT_SOURCE_FILE...
# What Debian has no program for is busybox's. Every line written to stdout is progress for a person.
set -euo pipefail
packages=$1 work_dir=$2 out=$3 suite=$4 apt_options=$5
shift 5

mkdir -p "$work_dir/tmp"
export TMPDIR=$work_dir/tmp SOURCE_DATE_EPOCH=0

# Run on this machine, with the root as its argument.
cat >"$work_dir/customize.sh" <<'HOOK'
#!/bin/sh
set -eu
root=$1
# Of the shells only bash hands on variables whose names it could not set itself, such as `a-b`.
ln -sf bash "$root/usr/bin/sh"
# Every one of them where busybox images have it, below /bin, also what Debian has in /sbin.
for applet in $("$root/usr/bin/busybox" --list); do
  [ -e "$root/usr/bin/$applet" ] || [ -L "$root/usr/bin/$applet" ] || ln -s busybox "$root/usr/bin/$applet"
done
mkdir "$root/uploads"
echo 'user-defined-in-image:x:1000:1000::/:/bin/sh' >>"$root/etc/passwd"
printf '%s\n' user-defined-in-image:x:1000: group-defined-in-image:x:50000:user-defined-in-image >>"$root/etc/group"
# This machine's, copied so that packages can be installed.
: >"$root/etc/resolv.conf"
rm -f "$root/etc/hostname"
HOOK
chmod +x "$work_dir/customize.sh"

echo 'installing Debian packages into the layer (about half a minute)'
mmdebstrap --quiet --mode=root --variant=essential --format=tar \
  --include="$(paste -sd, "$packages")" --aptopt="$apt_options" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/lintian/*' --customize-hook="$work_dir/customize.sh" \
  "$suite" "$out" "$@" >"$work_dir/mmdebstrap.log" 2>&1 || { tail -n 40 "$work_dir/mmdebstrap.log" >&2; exit 1; }
