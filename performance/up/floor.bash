#!/bin/bash
# Starts one component of a cluster that is stopped, and prints when its start began and when it was there.
#
#   floor.bash etcd DATA                          until a quorum serves: its unit tells systemd so (Type=notify)
#   floor.bash apiserver                          until /livez
#   floor.bash kubelet NODE CA CERTIFICATE KEY    until its node is Ready, as it sees itself
set -euo pipefail
api=https://127.0.0.1:6443

etcd() {
  rm -rf "$1/member"
  began=$EPOCHREALTIME
  systemctl start etcd
}

apiserver() {
  began=$EPOCHREALTIME
  systemctl start kube-apiserver
  until [ "$(curl -sk -m 1 "$api/livez")" = ok ]; do sleep 0.02; done
}

kubelet() {
  began=$EPOCHREALTIME
  systemctl start kubelet
  until is_ready "$@"; do sleep 0.02; done
}

is_ready() {
  local node=$1 ca=$2 certificate=$3 key=$4 object
  object=$(curl -s -m 1 --cacert "$ca" --cert "$certificate" --key "$key" "$api/api/v1/nodes/$node" | tr -d ' \n')
  [[ $object == *'"type":"Ready","status":"True"'* ]]
}

"$@"
echo "$began $EPOCHREALTIME"
