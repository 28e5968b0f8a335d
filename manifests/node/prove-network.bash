#!/bin/bash
# Sends traffic the ways that this node's components and pods take, and tries those again that fail until all answer or
# the time is up. Prints a line `failed WAY WHY` for each that does not.
#
#   prove-network SECONDS CA SOURCE WAY...
#
# CA is whom the certificates of kube-apiservers are believed by, SOURCE this node's address in the pod network, or `-`.
# A WAY is one of
#   api=ADDRESS:PORT           a kube-apiserver
#   pods=ADDRESS:PORT          a TLS server at another node's address in the pod network, asked from SOURCE
#   dns=ADDRESS,NAME,ANSWER    a name server, a name, and its IPv4 address
set -u
export LC_ALL=C

until=$((SECONDS + $1))
ca=$2
source=$3
shift 3

# Longer than a packet that was lost takes to be sent again, twice.
patience=4

# Whatever the answer, it came the way that is to be proven.
ask() {
  curl --silent --show-error --noproxy '*' --output /dev/null --max-time "$patience" "$@" 2>&1
}

is_refused() {
  # shellcheck disable=SC2016 # They are the other bash's arguments.
  [[ $(timeout "$patience" bash -c 'exec 3<>"/dev/tcp/$1/$2"' refused "$1" "$2" 2>&1) == *refused* ]]
}

ask_dns() {
  local address=$1 name=$2 answer=$3 label question='' octets wanted said
  # A standard query for one address, recursion desired (RFC 1035, section 4.1).
  local header='\x4b\x38\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00'
  for label in ${name//./ }; do question+=$(printf '\\x%02x' "${#label}")$label; done
  IFS=. read -r -a octets <<<"$answer"
  wanted=0004$(printf '%02x' "${octets[@]}")
  # One write is one datagram, and bash itself would begin another one after each byte that is a newline.
  # shellcheck disable=SC2016 # They are the other bash's arguments.
  said=$(timeout "$patience" bash -c '
    exec 3<>"/dev/udp/$1/53" || exit
    printf "%b" "$2" | dd bs=512 iflag=fullblock >&3 2>/dev/null
    dd bs=4096 count=1 <&3 2>/dev/null | od -An -v -tx1
  ' dns "$address" "$header$question\\x00\\x00\\x01\\x00\\x01" 2>&1)
  said=${said//[[:space:]]/}
  if [[ $said == 4b38* ]]; then
    [[ $said == *"$wanted"* ]] || echo "it answers, and does not know $name as $answer"
  else
    echo "it does not answer within $patience s"
  fi
}

look() {
  local way=$1 address=${1#*=} why
  case $way in
    api=*) why=$(ask --cacert "$ca" "https://$address/readyz") ;;
    pods=*)
      why=$(ask --insecure --interface "$source" "https://$address/healthz")
      # A refusal has come the same way; curl has one word for it and for no way at all.
      [[ $why != *'curl: (7)'* ]] || ! is_refused "${address%:*}" "${address##*:}" || why=''
      ;;
    dns=*) IFS=, read -r address name answer <<<"$address" && why=$(ask_dns "$address" "$name" "$answer") ;;
    *) why='unknown way' ;;
  esac
  [[ -z $why ]] || printf 'failed %s %s\n' "$way" "${why//[$'\r\n']/ }"
}

ways=("$@")
while ((${#ways[@]} > 0)); do
  # All at once: what fails takes its time.
  failed=$(for way in "${ways[@]}"; do look "$way" & done; wait)
  mapfile -t ways < <(while read -r _ way _; do [[ -z $way ]] || echo "$way"; done <<<"$failed")
  ((${#ways[@]} > 0 && SECONDS < until)) || break
  sleep 0.5
done
[[ -z ${failed-} ]] || printf '%s\n' "$failed"
