#!/bin/bash
# Prepares a blank node for kubeadm as its documentation and packages do; run as root: node.bash POD_SUBNET PAUSE_IMAGE
# The files of the kit have been unpacked to /: /opt/bin, /opt/cni/bin, /opt/kit.
set -euo pipefail
pod_subnet=$1 pause_image=$2

mkdir -p /etc/containerd /etc/cni/net.d /etc/kubernetes/manifests /etc/systemd/system/kubelet.service.d
cat >/etc/containerd/config.toml <<TOML
version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '$pause_image'
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ['/opt/cni/bin']
conf_dir = '/etc/cni/net.d'
TOML
cat >/etc/cni/net.d/10-bridge.conflist <<JSON
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pod_subnet"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
# The units of Kubernetes' own packages (kubernetes/release, cmd/krel/templates), with this place of the binaries.
cat >/etc/systemd/system/kubelet.service <<'UNIT'
[Unit]
Description=kubelet: The Kubernetes Node Agent
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=/opt/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10
[Install]
WantedBy=multi-user.target
UNIT
cat >/etc/systemd/system/kubelet.service.d/10-kubeadm.conf <<'UNIT'
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=/opt/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
UNIT
sysctl -qw net.ipv4.ip_forward=1
systemctl daemon-reload
systemctl enable -q kubelet
systemctl restart containerd
for archive in /opt/kit/*.tar; do
  ctr -n k8s.io images import "$archive" >/dev/null
  rm "$archive"
done
