#!/bin/bash
# Times connections and DNS lookups from the network namespace it runs in. In bash, because CoreOS has nothing else that
# opens sockets; its own share is some 0.1 ms, the same on every path.
#
#   bench-time clock      prints the version of bash and, where that can tell it finely enough, the time
#   bench-time handshakes ADDRESS PORT COUNT PAUSE
#                         prints the microseconds of each handshake of TCP, or `lost`; PAUSE seconds between them
#   bench-time lookups NAMESERVER PORT NAME COUNT PERIOD WORKERS PATIENCE
#                         prints `header HEX`, the first eight bytes of an answer (none: HEX is empty, and that is all), then
#                         for each lookup its number and the microseconds until it was answered, `lost` or `refused`. One is
#                         due every PERIOD microseconds, and lost when it is not answered after PATIENCE seconds. NAME is
#                         absolute, without the final dot.
#
# EPOCHREALTIME is the only clock that bash reads in microseconds (since bash 5), and it is the wall clock, which chrony may
# set at any moment. So it is compared with the time since boot, which nobody sets and /proc/uptime tells in hundredths of a
# second: the last line, `clock MICROSECONDS`, tells how far it moved meanwhile.
#
# The locale decides what EPOCHREALTIME has for a decimal point, and whether `read -N` counts bytes.
LC_ALL=C

clock_ahead() {
  local up
  read -r up _ </proc/uptime
  ahead=$((${EPOCHREALTIME/[.,]/} - 10#${up/./}0000))
}
clock_begin() {
  clock_ahead
  ahead_before=$ahead
}
clock_end() {
  clock_ahead
  echo "clock $((ahead - ahead_before))"
}

# Nothing ever comes from file descriptor 4: reading from it with a limit sleeps, without a process for it.
exec 4<> <(:)

handshakes() {
  local address=$1 port=$2 count=$3 pause=$4 from to i
  clock_begin
  for ((i = 0; i < count; i++)); do
    from=$EPOCHREALTIME
    if { exec 3<>"/dev/tcp/$address/$port"; } 2>/dev/null; then
      to=$EPOCHREALTIME
      echo $((${to/[.,]/} - ${from/[.,]/}))
      exec 3>&-
    else
      echo lost
    fi
    read -rt "$pause" -u 4 || :
  done
  clock_end
}

# Each lookup is sent when it is due, whatever became of those before it, and counts from then: so many workers take turns
# that one has given up its lookup before its next is due, each with a socket that was opened ahead of time.
#
# Bash drops zero bytes, so that it can tell when an answer comes and not what it says: that is looked at once, before any
# is timed.
lookups() {
  server=$1 port=$2 count=$4 period=$5 workers=$6 patience=$7
  local header worker
  compose "$3"
  prepare
  ask
  header=$(timeout 3 dd bs=512 count=1 status=none <&3 | od -An -v -tx1 -N 8 | tr -d ' \n')
  echo "header $header"
  [[ $header ]] || return 0
  clock_begin
  start=$((${EPOCHREALTIME/[.,]/} + 500000))
  for ((worker = 0; worker < workers; worker++)); do work "$worker" & done
  wait
  clock_end
}

# The question for the address of a name (RFC 1035), as escapes of printf, and its size.
compose() {
  local label length labels
  query='kd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00' size=17 halves=
  IFS=. read -ra labels <<<"$1"
  for label in "${labels[@]}"; do
    printf -v length '\\x%02x' "${#label}"
    query+="$length$label" size=$((size + 1 + ${#label}))
    # Ten is a newline, at which bash sends what it has.
    ((${#label} != 10)) || halves=yes
  done
  query+='\x00\x00\x01\x00\x01'
}

# Opens what is needed to ask, and be answered on file descriptor 3. Of a question that bash sends in halves dd makes one
# datagram; it is started ahead of time as well.
prepare() {
  exec 3<>"/dev/udp/$server/$port" || exit 1
  if [[ $halves ]]; then
    exec 5> >(exec dd "bs=$size" count=1 iflag=fullblock status=none >&3)
  else
    exec 5>&3
  fi
}

ask() {
  printf %b "$query" >&5
  exec 5>&-
}

sleep_until() {
  local left=$(($1 - ${EPOCHREALTIME/[.,]/}))
  ((left > 0)) || return 0
  printf -v left '%d.%06d' $((left / 1000000)) $((left % 1000000))
  read -rt "$left" -u 4
}

# work FIRST: that lookup and each whose turn it is after it.
work() {
  local index due status
  for ((index = $1; index < count; index += workers)); do
    due=$((start + index * period))
    prepare
    sleep_until "$due"
    ask 2>/dev/null
    IFS= read -r -u 3 -t "$patience" -N 2 _ 2>/dev/null
    status=$?
    if ((status == 0)); then
      echo "$index $((${EPOCHREALTIME/[.,]/} - due))"
    elif ((status > 128)); then
      echo "$index lost"
    else
      echo "$index refused"
    fi
  done
}

case ${1-} in
  clock) echo "$BASH_VERSION $EPOCHREALTIME" ;;
  handshakes | lookups) "$@" ;;
  *)
    echo "usage: bench-time clock | handshakes … | lookups …" >&2
    exit 64
    ;;
esac
