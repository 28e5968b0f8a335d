#!/bin/bash
# Puts what comes on stdin in the place of a file that every user may read, in one step.
#
#   replace-file PATH
set -euo pipefail
path=$1
temporary=$(mktemp "$path.XXXXXXXX")
trap 'rm -f "$temporary"' EXIT
cat >"$temporary"
chmod 0644 "$temporary"
sync "$temporary"
mv -f "$temporary" "$path"
