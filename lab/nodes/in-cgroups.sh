#!/bin/sh
# Runs a program in other cgroups: in-cgroups.sh FILE... -- COMMAND [ARGUMENT...]; each FILE is the cgroup.procs of one.
while [ "$1" != -- ]; do
  echo 0 >"$1"
  shift
done
shift
exec "$@"
