#!/bin/sh
# The whole test command on a fresh clone: installs what is missing, then runs every layer.
set -eu
cd "$(dirname "$0")/.."
sh lab/setup.sh
exec node_modules/.bin/tsx test/run.ts "$@"
