#!/bin/sh
# Switches one lab machine on: launch.sh MACHINE_DIR. Runs detached and becomes QEMU, which ends when the machine is off.
dir=$1
. "$dir/machine.env"
. "$dir/process.sh"

remember launcher.pid $$
PROCESSORS=2
enter_cgroup "$CGROUP" "$PROCESSORS"

# Firmware's variables are new at every power-on: a machine of this lab keeps nothing.
if [ "$FIRMWARE" = uefi ]; then
  cp /usr/share/OVMF/OVMF_VARS_4M.fd "$dir/variables.fd"
  set -- -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
    -drive "if=pflash,format=raw,file=$dir/variables.fd"
  # The firmware's own PXE, which gets iPXE over TFTP.
  rom=',romfile='
else
  set --
  # The card's ROM is iPXE.
  rom=
fi

# No disk. Emulated, PCLMULQDQ is a loop of 64 steps: without it Go prefers ChaCha20, which is four times as fast. The
# kernel takes both instructions for granted when it sees AES. ERMS and FSRM make kernel and C library copy with REP MOVSB,
# which is emulated byte by byte.
exec ip netns exec "$NETNS" qemu-system-x86_64 -nodefaults -machine q35,graphics=off -display none \
  -accel tcg,thread=multi -cpu max,aes=off,pclmulqdq=off,erms=off,fsrm=off -smp "$PROCESSORS" -m "$MEMORY" -boot order=n -rtc base=utc "$@" \
  -netdev "tap,id=net0,ifname=$PORT,script=$dir/tap-up.sh,downscript=no" \
  -device "virtio-net-pci,netdev=net0,mac=$MAC,bootindex=1$rom" \
  -device virtio-rng-pci \
  -chardev "file,id=console,path=$dir/console.log,append=on" -serial chardev:console
