#!/bin/bash
# Builds the tests of Go packages as programs: go-tests.sh MODULE_DIR OUT_DIR LDFLAGS TAGS PACKAGE...
# As go-module.sh in all else; OUT_DIR receives NAME.test for each package.
set -euo pipefail
module_dir=$1 out_dir=$2 ldflags=$3 tags=$4
shift 4
cd "$module_dir"

echo 'downloading modules'
go list -deps -test -tags "$tags" -f '{{if not .Standard}}{{.ImportPath}}{{end}}' "$@" >packages
# `go test` does not name what it compiles, so that all they are made of is compiled before. In brackets are variants of a
# package for one test, and NAME.test is what is linked last.
mapfile -t packages < <(grep -v '\[\|\.test$' packages)
go build -v -trimpath -tags "$tags" "${packages[@]}" 2>&1 | awk -v total="${#packages[@]}" '
  /^[A-Za-z0-9_.\/-]+$/ { if (++done % 50 == 0) { print "compiling: " done " of " total " packages"; fflush() } next }
  /^go: downloading / { next }
  { print > "/dev/stderr" }'
echo 'linking'
go test -c -trimpath -tags "$tags" -ldflags "$ldflags" -o "$out_dir/" "$@"
echo 'linked'
