#!/bin/sh
# One boot of a lab node: boot.sh NODE_DIR, in a mount namespace of its own. Becomes systemd-nspawn.
set -e
dir=$1
. "$dir/boot.env"

root=$dir/root
mount -t tmpfs -o "size=$ROOT_SIZE,mode=755" "lab-$MACHINE" "$root"
tar -xpf "$ROOT_TAR" -C "$root"
# Whiteouts above the shared /usr: what is hidden is not there at all.
[ ! -d "$dir/hidden" ] || USR=$dir/hidden:$USR
case $USR in
# Without an upper layer it stays read-only.
*:*) mount -t overlay -o "ro,lowerdir=$USR" overlay "$root/usr" ;;
*) mount --bind "$USR" "$root/usr" ;;
esac
# Directories that exist keep their mode and owner.
tar -C "$dir/files" -c . | tar -C "$root" -xp --no-overwrite-dir
(cd "$root" && sh -e "$dir/prepare.sh")

# nspawn keeps state by machine name here; it must be on a tmpfs, and is nobody else's business.
mkdir -p /run/systemd/nspawn
mount -t tmpfs -o mode=755 lab-nspawn /run/systemd/nspawn

cd /
# API_VFS_WRITABLE: without it /proc/sys is read-only. CAP_SYS_TIME would set the machine's clock.
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes
exec systemd-nspawn --quiet --settings=no --register=no --keep-unit --directory="$root" \
  --machine="$MACHINE" --hostname="$HOST_NAME" \
  --capability=all --drop-capability=CAP_SYS_TIME --system-call-filter=@known --bind=/dev/kmsg \
  --resolv-conf=off --timezone=off --link-journal=no --console=read-only --boot
