#!/bin/sh
# Runs a program as part of a lab: service.sh CGROUP LOG_FILE COMMAND [ARGUMENT...]. Its end is that of the lab.
cgroup=$1 log=$2
shift 2
. "$(dirname "$0")/process.sh"
enter_cgroup "$cgroup"
exec "$@" >>"$log" 2>&1
