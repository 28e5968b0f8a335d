#!/bin/sh
# Keeps one lab node alive: launcher.sh NODE_DIR. Runs detached, its output is the node's console.
# Ends when the node is off; boots it afresh when it asked for a reboot, or when the file `power` says `cycle`.
dir=$1
. "$dir/boot.env"

# systemd-nspawn's way to say that the container called for a reboot.
REBOOT=133

# Moves the calling process one level down in every cgroup hierarchy.
enter_cgroup() {
  while IFS=: read -r _ controllers path; do
    case $controllers in
    '') hierarchy=unified ;;
    name=*) hierarchy=${controllers#name=} ;;
    *) hierarchy=$controllers ;;
    esac
    parent=/sys/fs/cgroup/$hierarchy$path
    # On a machine with cgroup v2 only.
    [ -d "$parent" ] || parent=/sys/fs/cgroup$path
    mkdir -p "$parent/$1"
    if [ -e "$parent/cpuset.cpus" ] && [ "$hierarchy" = cpuset ]; then
      # A new cpuset is empty, and nothing may enter it then.
      cat "$parent/cpuset.cpus" >"$parent/$1/cpuset.cpus"
      cat "$parent/cpuset.mems" >"$parent/$1/cpuset.mems"
    fi
    echo 0 >"$parent/$1/cgroup.procs"
  done </proc/self/cgroup
}

remember() {
  echo "$2 $(cut -d' ' -f22 "/proc/$2/stat")" >"$dir/$1.new"
  mv "$dir/$1.new" "$dir/$1"
}

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
  sh "$dir/plug.sh" && sh "$dir/disturb.sh" || break
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
  $REBOOT:on | *:cycle) ;;
  *) break ;;
  esac
done
rm -f "$dir/launcher.pid"
