#!/bin/bash
# Listens on a TCP port, to be connected to and nothing else, until stdin ends.
#
#   listen PORT [--accept]   --accept: tells of each connection, `Connection from …`, and ends it
#
# The kernel answers handshakes for a socket that listens, up to its backlog (net.core.somaxconn, 4096). systemd opens one,
# and says so, for a process that never looks at it. It ends with our end of the connection, and we with it, or else a port
# that is taken would keep both waiting.
port=$1
program=(sleep infinity)
[[ ${2-} != --accept ]] || program=(--accept true)

{
  systemd-socket-activate -l "0.0.0.0:$port" "${program[@]}" 2>&1 &
  listener=$!
  trap 'kill "$listener"' TERM
  wait "$listener"
  # The one that waits for stdin.
  kill $$
} &
read -r
kill $!
wait
