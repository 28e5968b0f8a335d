#!/bin/sh
# Runs a command line as root, in one round trip: directly when the user is root already, else by sudo, which must not ask
# for a password.
#
#   become-root MARK COMMAND
#
# Tells on stderr how far it came, since the exit code of sudo and its words, which may be translated, cannot be told from
# those of the command: `MARK started` before the command, `MARK sudo-missing` where there is no sudo.
command="echo '$1 started' >&2
$2"
if [ "$(id -u)" = 0 ]; then exec /bin/sh -c "$command"; fi
if ! command -v sudo >/dev/null; then
  echo "$1 sudo-missing" >&2
  exit 127
fi
exec sudo -n -- /bin/sh -c "$command"
