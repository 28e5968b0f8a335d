#!/bin/bash
# Asks ten times a second, and prints when it was answered each time.
#
#   probe.bash SECONDS api URL       from the node itself
#   probe.bash SECONDS pod URL       from the network namespace of some pod of it
#   probe.bash SECONDS write NODE    a write, which needs etcd's quorum: with the kubelet's own credentials the annotation
#                                    of its own lease is renewed, through its own kube-apiserver
until=$((SECONDS + $1))
pki=/etc/kubernetes/pki
leases=https://127.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases

api() { curl -sfk -m 1 -o /dev/null "$1"; }

pod() {
  local namespaces=(/run/netns/cni-*)
  ip netns exec "${namespaces[0]##*/}" curl -sfk -m 1 -o /dev/null "$1"
}

write() {
  curl -sf -m 1 -o /dev/null --cacert "$pki/ca.crt" --cert "$pki/kubelet-client.crt" --key "$pki/kubelet-client.key" \
    -X PATCH -H 'Content-Type: application/merge-patch+json' \
    -d "{\"metadata\":{\"annotations\":{\"outage\":\"$EPOCHREALTIME\"}}}" "$leases/$1"
}

while ((SECONDS < until)); do
  "${@:2}" && echo "$EPOCHREALTIME"
  sleep 0.1
done
