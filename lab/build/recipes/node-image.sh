#!/bin/bash
# Builds the node image: node-image.sh DEFINITION_DIR WORK_DIR OUT_DIR SUITE APT_OPTIONS_FILE APT_SOURCE_FILE...
# DEFINITION_DIR holds packages.txt, masked-units.txt and root/ (files copied over the installed system).
# OUT_DIR receives usr.squashfs, root.tar (everything but /usr) and packages.txt (what is installed). Every line written to stdout is progress for a person.
set -euo pipefail
definition=$1 work_dir=$2 out_dir=$3 suite=$4 apt_options=$5
shift 5

root=$work_dir/root
mkdir -p "$out_dir" "$work_dir/tmp"
export TMPDIR=$work_dir/tmp

echo 'installing Debian packages into the image (about a minute)'
mmdebstrap --quiet --mode=root --variant=minbase --format=directory \
  --include="$(paste -sd, "$definition/packages.txt")" --aptopt="$apt_options" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/lintian/*' \
  "$suite" "$root" "$@" >"$work_dir/mmdebstrap.log" 2>&1 || { tail -n 40 "$work_dir/mmdebstrap.log" >&2; exit 1; }

echo 'configuring the image'
# CoreOS has no Python, so nothing of ours may come to need it.
if [ -e "$root/usr/bin/python3" ]; then
  echo 'Python has slipped into the node image: a package of packages.txt depends on it' >&2
  exit 1
fi

chroot "$root" groupadd --gid 1000 core
chroot "$root" useradd --uid 1000 --gid 1000 --groups sudo --create-home --shell /bin/bash core
install -d -m 0700 -o 1000 -g 1000 "$root/home/core/.ssh"

cp -r --no-preserve=mode,ownership "$definition/root/." "$root/"
chmod 0440 "$root/etc/sudoers.d/core"
chroot "$root" visudo --check --quiet

dpkg-query --admindir="$root/var/lib/dpkg" --show >"$out_dir/packages.txt"
rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/hostname "$root"/etc/fstab "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
rm -rf "$root"/var/lib/apt "$root"/var/lib/dpkg "$root"/var/cache/* "$root"/var/log/* "$root"/boot "$root"/home/core/.??*rc
# Empty, so that systemd makes up a new one at each boot.
: >"$root/etc/machine-id"
: >"$root/etc/resolv.conf"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
printf 'LANG=C.UTF-8\n' >"$root/etc/default/locale"
mkdir -p "$root/opt/bin"

xargs -a "$definition/masked-units.txt" systemctl --quiet --root="$root" mask
(cd "$definition/root/etc/systemd/system" && grep -l '^\[Install\]' -- *) | xargs systemctl --quiet --root="$root" enable
systemctl --quiet --root="$root" enable containerd.service
systemctl --quiet --root="$root" set-default multi-user.target

echo 'compressing /usr'
mksquashfs "$root/usr" "$out_dir/usr.squashfs" -noappend -quiet -no-progress -comp zstd -Xcompression-level 15 -processors 2
tar --create --file="$out_dir/root.tar" --directory="$root" --numeric-owner --xattrs --exclude='./usr/*' \
  --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' --exclude='./run/*' --exclude='./tmp/*' .
rm -rf "$root"
