import type { Lab } from '../../../lab/nodes/lab.js';

const SCRIPT = `
find /etc/kubernetes /etc/cni /opt /var/lib/kubelet /var/lib/etcd /run/k8s-diskless* /etc/sysctl.d /etc/modules-load.d \\
  -type f 2>/dev/null | sort
find /etc/systemd/system -type f | sort
ip -o link show | cut -d: -f2 | cut -d@ -f1
ip -4 route show proto 77
nft list tables 2>/dev/null | grep -i diskless
iptables-save 2>/dev/null | grep -i -e diskless -e KUBE
ctr -n k8s.io containers ls -q 2>/dev/null
grep /var/lib/kubelet /proc/self/mountinfo
true
`;

/** Files, links, routes, rules and mounts of a machine that could be ours. */
export async function traces(lab: Lab, node: string): Promise<string> {
  return (await lab.exec(node, ['bash', '-c', SCRIPT])).stdout;
}
