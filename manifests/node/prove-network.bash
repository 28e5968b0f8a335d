#!/bin/bash
# Sends traffic the ways that this node's components and pods take, and tries those again that fail until all answer or
# the time is up. Prints a line `failed WAY WHY` for each that does not.
#
#   prove-network SECONDS PATIENCE CA SOURCE WAY...
#
# PATIENCE is how many seconds one try may take. CA is whom the certificates of kube-apiservers are believed by, SOURCE this node's address in the pod network; both `-`
# where no way needs them. A WAY is one of
#   api=ADDRESS:PORT           a kube-apiserver
#   pods=ADDRESS:PORT          a TLS server at another node's address in the pod network, asked from SOURCE
#   dns=ADDRESS,NAME,ANSWER    a name server, a name, and its IPv4 address; `*`: any answer will do
#   reach=ADDRESS:PORT         a machine, whether or not anybody listens there
#   open=ADDRESS:PORT          somebody who listens
#   whole=ADDRESS,BYTES        an answer to an ICMP echo of so many bytes, which nobody may take apart
set -u
# By their words refusals are told.
export LC_ALL=C

until=$((SECONDS + $1))
patience=$2
ca=$3
source=$4
shift 4

# All in one process: most of what a healthy way costs is the start of one.
ask_https() {
  local way url args=() said='' line why
  for way in "$@"; do
    url=https://${way#*=}
    # Whatever the answer, it came the way that is to be proven; %{errormsg} is of curl 7.75 and later.
    args+=(${args[0]+--next} --silent --http1.1 --noproxy '*' --max-time "$patience" --cacert "$ca" --output /dev/null)
    args+=(--write-out "$way %{exitcode} %{errormsg}\n")
    case $way in
      api=*) args+=("$url/readyz") ;;
      pods=*) args+=(--insecure --interface "$source" "$url/healthz") ;;
    esac
  done
  said=$(curl --parallel --parallel-immediate --parallel-max 300 "${args[@]}" 2>&1)
  for way in "$@"; do
    why="curl told nothing of it: ${said//$'\n'/ }"
    while IFS= read -r line; do [[ $line != "$way "* ]] || why=${line#"$way "}; done <<<"$said"
    case $way/$why in
      */'0 '*) ;;
      # curl has one word for a refusal and for no way at all.
      pods=*/'7 '*) reach "$way" "curl: (7) ${why#7 }" & ;;
      *) fail "$way" "curl: (${why%% *}) ${why#* }" ;;
    esac
  done
  wait
}

# Why no connection of TCP is made. The messages are the kernel's, as bash writes them.
connect() {
  local said
  # shellcheck disable=SC2016 # They are the other bash's arguments.
  said=$(timeout "$patience" bash -c 'exec 3<>"/dev/tcp/$1/$2"' connect "${1%:*}" "${1##*:}" 2>&1) && return
  said=${said##*: }
  printf '%s' "${said:-no answer within $patience s}"
}

# A refusal comes from a machine that was reached, where nothing listens. This is the one place that tells it.
reach() {
  local way=$1 why=${2-} said
  said=$(connect "${1#*=}")
  [[ -z $said || $said == *refused* ]] || fail "$way" "${why:-$said}"
}

ask_open() {
  local why
  why=$(connect "${1#*=}")
  [[ -z $why ]] || fail "$1" "$why"
}

# Three tries, since a first packet may wait for a neighbour to be found.
ask_whole() {
  local address bytes said
  IFS=, read -r address bytes <<<"${1#*=}"
  said=$(ping -n -c 3 -i 0.2 -W 1 -M "do" -s "$bytes" "$address" 2>&1) || fail "$1" "ping: ${said//$'\n'/ }"
}

ask_dns() {
  local way=$1 address name answer label question='' octets wanted said
  # A standard query for one address, recursion desired (RFC 1035, section 4.1).
  local header='\x4b\x38\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00'
  IFS=, read -r address name answer <<<"${way#*=}"
  for label in ${name//./ }; do
    printf -v question '%s\\x%02x%s' "$question" "${#label}" "$label"
  done
  IFS=. read -r -a octets <<<"${answer#\*}"
  printf -v wanted '%02x' "${octets[@]}"
  # One write is one datagram, and bash itself would begin another one after each byte that is a newline.
  said=$(
    exec 3<>"/dev/udp/$address/53" || exit
    printf '%b' "$header$question\\x00\\x00\\x01\\x00\\x01" | dd bs=512 iflag=fullblock >&3 2>/dev/null
    timeout "$patience" dd bs=4096 count=1 <&3 2>/dev/null | od -An -v -tx1
  ) 2>/dev/null
  said=${said//[[:space:]]/}
  if [[ $said != 4b38* ]]; then
    fail "$way" "it does not answer within $patience s"
  elif [[ $answer == '*' ]]; then
    # No error in the flags, and answers are counted.
    [[ $said =~ ^.{7}0.{4}(....) && ${BASH_REMATCH[1]} != 0000 ]] || fail "$way" "it answers, and does not know $name"
  elif [[ $said != *"0004$wanted"* ]]; then
    fail "$way" "it answers, and does not know $name as $answer"
  fi
}

fail() { printf 'failed %s %s\n' "$1" "${2//[$'\r\n']/ }"; }

# All at once: what fails takes its time.
look() {
  local way https=()
  for way in "$@"; do
    case $way in
      api=* | pods=*) https+=("$way") ;;
      reach=*) reach "$way" & ;;
      open=*) ask_open "$way" & ;;
      whole=*) ask_whole "$way" & ;;
      dns=*) ask_dns "$way" & ;;
      *) fail "$way" 'unknown way' ;;
    esac
  done
  ((${#https[@]} == 0)) || ask_https "${https[@]}"
  wait
}

failed=$(look "$@")
while [[ -n $failed ]] && ((SECONDS < until)); do
  mapfile -t ways < <(cut -d ' ' -f 2 <<<"$failed")
  sleep 0.5
  failed=$(look "${ways[@]}")
done
[[ -z $failed ]] || printf '%s\n' "$failed"
