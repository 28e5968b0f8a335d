#!/bin/sh
# Installs what the lab and the tests need on a fresh clone: the Debian packages of packages.txt, then the npm packages.
# Does nothing, quickly, when all is there. May run several times at once.
set -eu

cd "$(dirname "$0")/.."
packages=$(sed 's/#.*//' lab/packages.txt)
# Any Go will do, or fetch the one that will.
! command -v go >/dev/null || packages=$(printf '%s\n' "$packages" | grep -vx golang-go)

say() {
  printf 'setup: %s\n' "$1" >&2
}

fail() {
  say "$1"
  exit 4
}

# Runs a command whose output only matters when it fails.
quietly() {
  if ! "$@" >"$log" 2>&1; then
    tail -n 80 "$log" >&2
    return 1
  fi
}

missing_packages() {
  # For a name it never heard of dpkg-query fails, which here is an answer and not an error.
  # shellcheck disable=SC2086
  known=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' $packages 2>/dev/null || true)
  for package in $packages; do
    printf '%s\n' "$known" | grep -qxF "installed $package" || printf '%s ' "$package"
  done
}

npm_packages_outdated() {
  [ ! -e node_modules/.package-lock.json ] || \
    [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]
}

install_packages() {
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive quietly apt-get -q -y -o DPkg::Lock::Timeout=600 \
    install --no-install-recommends $1
}

# Another setup may hold the lock; what it installed need not be installed again.
enter_lock() {
  cache=${K8S_DISKLESS_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/k8s-diskless-lab}
  mkdir -p "$cache"
  exec 9>"$cache/setup.lock"
  flock -n 9 || { say 'waiting for another setup to finish'; flock 9; }
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
}

[ "$(id -u)" = 0 ] || fail 'the lab needs root (network namespaces, mounts, Debian packages): run this command as root'

missing=$(missing_packages)
[ -n "$missing" ] || npm_packages_outdated || exit 0

enter_lock
missing=$(missing_packages)
if [ -n "$missing" ]; then
  grep -q '^VERSION_CODENAME=bookworm$' /etc/os-release || fail 'the lab is built from Debian 12 packages: run it on Debian 12'
  say "installing Debian packages: $missing"
  # The machine's package lists may be absent or out of date; ask for new ones only then.
  if ! install_packages "$missing" 2>/dev/null; then
    say 'updating the package lists'
    quietly apt-get -q -o DPkg::Lock::Timeout=600 update || fail 'apt-get update failed'
    install_packages "$missing" || fail 'apt-get install failed'
  fi
fi
if npm_packages_outdated; then
  say 'installing npm packages'
  quietly npm ci --no-fund --no-audit || fail 'npm ci failed'
fi
