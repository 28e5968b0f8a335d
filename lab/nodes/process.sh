# shellcheck shell=sh disable=SC2154
# What keeps the processes of a lab together; read by the scripts that start them, which set $dir.

# Moves the calling process one level down in every cgroup hierarchy: enter_cgroup NAME [PROCESSORS]
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
    # To the scheduler a group is one competitor, however many processors are emulated in it.
    [ ! -e "$parent/$1/cpu.shares" ] || echo $((1024 * ${2:-1})) >"$parent/$1/cpu.shares"
    [ ! -e "$parent/$1/cpu.weight" ] || echo $((100 * ${2:-1})) >"$parent/$1/cpu.weight"
    echo 0 >"$parent/$1/cgroup.procs"
  done </proc/self/cgroup
}

remember() {
  echo "$2 $(cut -d' ' -f22 "/proc/$2/stat")" >"$dir/$1.new"
  mv "$dir/$1.new" "$dir/$1"
}
