#!/bin/bash
# Prints the load of a node, what its processors did within a second, and what waited.
read -r load _ </proc/loadavg
read -ra before </proc/stat
sleep 1
read -ra after </proc/stat
echo "load $load"
echo "before ${before[*]:1}"
echo "after ${after[*]:1}"
for kind in cpu io memory; do
  [[ -r /proc/pressure/$kind ]] && { read -r _ avg10 _ </proc/pressure/$kind && echo "$kind ${avg10#*=}"; }
done
exit 0
