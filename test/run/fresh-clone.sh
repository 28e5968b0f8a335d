#!/bin/bash
# The fast lane as a stranger has it: a fresh clone of HEAD, `npm ci`, an unprivileged user, and a machine that has no
# program but Node, Git and what programs.ts lists, whatever PATH says. Needs root, for a mount namespace of its own.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nobody=$(id -u nobody)

mkdir "$work/bin" "$work/none" "$work/home" "$work/tmp" "$work/tools"
# Everything beside Node and Git is coreutils, or one of the four.
utilities=$(dpkg -L coreutils | grep -E '^(/usr)?/bin/')
for program in $utilities /usr/bin/{bash,sh,grep,sed,awk,xargs,git}; do
  cp -L "$program" "$work/bin/${program##*/}"
done
cp "$(command -v node)" "$work/bin/node"
cp "$(command -v setpriv)" "$(command -v mount)" "$work/tools"
for program in npm npx; do ln -s "$(readlink -f "$(command -v "$program")")" "$work/bin/$program"; done
chmod 755 "$work"
chown nobody "$work/home" "$work/tmp"

git -c safe.directory='*' clone --quiet "$repository" "$work/clone"
chown -R nobody "$work/clone"
registry=$(npm config get registry)

# shellcheck disable=SC2016
unshare --mount --propagation private bash -euc '
  work=$1 nobody=$2 registry=$3
  for directory in /usr/local/bin /usr/local/sbin /usr/sbin; do "$work/tools/mount" --bind "$work/none" "$directory"; done
  "$work/tools/mount" --bind "$work/bin" /usr/bin
  cd "$work/clone"
  as_nobody() {
    "$work/tools/setpriv" --reuid="$nobody" --regid="$nobody" --clear-groups env -i PATH=/usr/bin HOME="$work/home" \
      TMPDIR="$work/tmp" LANG=C.UTF-8 npm_config_registry="$registry" npm_config_update_notifier=false "$@"
  }
  as_nobody npm ci --no-fund --no-audit
  as_nobody npm run --silent test:fast
' bash "$work" "$nobody" "$registry"
