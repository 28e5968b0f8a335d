#!/bin/sh
# Keeps one lab node alive: launcher.sh NODE_DIR. Runs detached, its output is the node's console.
# Ends when the node is off; boots it afresh when it asked for a reboot, or when the file `power` says `cycle`.
dir=$1
. "$dir/boot.env"
. "$dir/process.sh"

# systemd-nspawn's way to say that the container called for a reboot.
REBOOT=133

remember launcher.pid $$
enter_cgroup "$CGROUP"

# The kernel lets a cgroup go a moment after its last process; the next boot need not wait for that.
clear_away() {
  until find /sys/fs/cgroup -depth -type d \( -path "*/$CGROUP/$1" -o -path "*/$CGROUP/$1/*" \) -delete 2>/dev/null; do
    sleep 0.1
  done
}

count=0
while :; do
  count=$((count + 1))
  # Never used before: nspawn trips over remains in the cgroup it is started in.
  boot=boot-$$-$count
  echo on >"$dir/power"
  sh "$dir/plug.sh" || break
  sh "$dir/disturb.sh" || break
  # A mount namespace per boot: the root's tmpfs goes with the last process of the machine, however that ends.
  (
    enter_cgroup "$boot"
    exec nsenter --net="/run/netns/$NETNS" unshare --mount --propagation private sh "$dir/boot.sh" "$dir"
  ) &
  remember nspawn.pid $!
  wait $!
  code=$?
  rm "$dir/nspawn.pid"
  sh "$dir/unplug.sh"
  clear_away "$boot" &
  echo "launcher: boot $count ended with $code"
  case $code:$(cat "$dir/power") in
  "$REBOOT":on | *:cycle) ;;
  *) break ;;
  esac
done
rm -f "$dir/launcher.pid"
