#!/bin/bash
# Builds commands of a Go module: go-module.sh MODULE_DIR OUT_DIR LDFLAGS TAGS PACKAGE...
# The go command is first in PATH, its settings are in the environment. MODULE_DIR holds a go.mod that requires what is
# built, and a go.sum; both are changed. Every line written to stdout is progress for a person.
set -euo pipefail
module_dir=$1 out_dir=$2 ldflags=$3 tags=$4
shift 4
cd "$module_dir"

echo 'downloading modules'
total=$(go list -deps -tags "$tags" "$@" | wc -l)
# `go build -v` names each package as it is compiled; whatever else it prints is an error message.
go build -v -trimpath -tags "$tags" -ldflags "$ldflags" -o "$out_dir/" "$@" 2>&1 | awk -v total="$total" '
  /^[A-Za-z0-9_.\/-]+$/ { if (++done % 50 == 0) { print "compiling: " done " of " total " packages"; fflush() } next }
  /^go: downloading / { next }
  { print > "/dev/stderr" }'
echo 'linked'
