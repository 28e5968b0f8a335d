#!/bin/sh
# The whole test command on a fresh clone: installs what is missing, then runs fast tests, reference tests and the core of the lab.
set -eu
cd "$(dirname "$0")/.."
sh lab/setup.sh
exec node_modules/.bin/tsx test/run/cli.ts test "$@"
