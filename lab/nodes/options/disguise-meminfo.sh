#!/bin/sh
# Replaces lines of /proc/meminfo, which is the machine's for every node, by those of a file bound over it:
#
#   disguise-meminfo.sh NAME KEY=KIB...
#
# Each disguise is made from what is visible before, so they add up.
set -e
name=$1
shift
edits=
for line; do
  edits="${edits}s/^${line%%=*}:.*/${line%%=*}: ${line#*=} kB/;"
done
exec 9>/run/lab-meminfo.lock
flock 9
sed "$edits" /proc/meminfo >"/run/lab-$name"
mount --bind "/run/lab-$name" /proc/meminfo
