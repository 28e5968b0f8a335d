#!/bin/bash
# Builds what lab machines boot over the network:
#   boot-image.sh DEFINITION_DIR ROOT_TAR IGNITION DEB_DIR WORK_DIR OUT_DIR USR_LAYER...
# The system is that of a node: ROOT_TAR and the layers of its /usr from the lowest, with a kernel and udev of its own (packages of DEB_DIR), and without the user
# core: that is Ignition's to make. OUT_DIR receives vmlinuz and initrd. Every line written to stdout is progress for a
# person.
set -euo pipefail
definition=$1 root_tar=$2 ignition=$3 debs=$4 work_dir=$5 out_dir=$6
shift 6

root=$work_dir/root
initrd=$work_dir/initrd
mkdir -p "$root" "$initrd"/{busybox,modules,usr,sysroot,proc,sys,dev,run,etc,tmp} "$work_dir/tmp"
export TMPDIR=$work_dir/tmp

echo 'taking the node image apart'
tar --extract --file="$root_tar" --directory="$root" --numeric-owner --xattrs
for layer in "$@"; do
  unsquashfs -quiet -no-progress -force -dest "$root/usr" "$layer" >>"$work_dir/unsquashfs.log"
done
for deb in "$debs"/*.deb; do
  # Debian's packages still say /lib, which is a link to /usr/lib.
  dpkg-deb --fsys-tarfile "$deb" |
    tar --extract --directory="$root" --keep-directory-symlink --exclude='./usr/share/doc' --exclude='./usr/share/man'
done

kernel=$(basename "$root"/usr/lib/modules/*)
mv "$root/boot/vmlinuz-$kernel" "$out_dir/vmlinuz"
mv "$root/usr/bin/busybox" "$initrd/busybox/busybox"
rm -rf "$root/boot"
chroot "$root" depmod "$kernel"

echo 'configuring the image'
chroot "$root" userdel --remove core 2>"$work_dir/userdel.log"
# Of udev's rules; its package would make them.
for group in input kvm render sgx; do chroot "$root" groupadd --system --force "$group"; done
cp -r --no-preserve=mode,ownership "$definition/root/." "$root/"
# eth0, whatever slot the card is in.
ln -sf /dev/null "$root/etc/systemd/network/99-default.link"
systemctl --quiet --root="$root" unmask systemd-networkd.service systemd-networkd.socket
systemctl --quiet --root="$root" enable systemd-networkd.service
# The first waits a minute and a half for a device that a console is not; what the others make takes an emulated
# processor seconds, and nobody needs it.
systemctl --quiet --root="$root" mask serial-getty@ttyS0.service user@.service
systemctl --quiet --root="$root" disable ssh-host-key-rsa.service

echo 'compressing /usr'
mksquashfs "$root/usr" "$initrd/usr.squashfs" -noappend -quiet -no-progress -comp zstd -Xcompression-level 9 -processors 2
tar --create --file="$initrd/root.tar" --directory="$root" --numeric-owner --exclude='./usr/*' .

# In the order in which they can be loaded.
number=100
while read -r name; do
  while read -r how file _; do
    [ "$how" = insmod ] || continue
    [ -z "$(find "$initrd/modules" -name "*-$(basename "$file")")" ] || continue
    cp "$root$file" "$initrd/modules/$((number++))-$(basename "$file")"
  done < <(chroot "$root" modprobe --set-version "$kernel" --show-depends "$name")
done <"$definition/initrd-modules.txt"

"$initrd/busybox/busybox" --list | while read -r applet; do
  [ "$applet" = busybox ] || ln -s busybox "$initrd/busybox/$applet"
done
install -m 0755 "$definition/init" "$initrd/init"
install -m 0755 "$definition/dhcp-lease" "$definition/setfiles" "$ignition" "$initrd/busybox/"
for directory in bin sbin lib lib64; do ln -s "usr/$directory" "$initrd/$directory"; done
# Not compressed: nearly all of it is a squashfs, and an emulated processor would take long to unpack the rest.
(cd "$initrd" && find . -print0 | sort -z | cpio --null --create --format=newc --quiet --owner=0:0) >"$out_dir/initrd"
echo "$kernel" >"$out_dir/kernel-version"
rm -rf "$root"
