import type { ClusterSpec } from '../config/spec.js';
import type { DesiredFile } from '../node/desired.js';
import { textFile } from './systemd.js';

/* What a node's system needs for pods; a machine that boots over the network has it from its first second on. */

export function kernelModules({ network, kubeProxy }: Pick<ClusterSpec, 'network' | 'kubeProxy'>): DesiredFile {
  const modules = [
    'overlay',
    'br_netfilter',
    'nf_conntrack',
    ...(network.mode === 'vxlan' ? ['vxlan'] : []),
    ...(kubeProxy.mode === 'ipvs' ? ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_sh'] : []),
  ];
  return textFile('/etc/modules-load.d/k8s-diskless.conf', `${modules.join('\n')}\n`);
}

export function sysctls(): DesiredFile {
  const values = [
    'net.ipv4.ip_forward=1',
    // Answers of a pod to another on the same bridge must pass the translation of the service they were asked by.
    'net.bridge.bridge-nf-call-iptables=1',
    // Each kubelet, containerd and many a pod watch files.
    'fs.inotify.max_user_instances=8192',
    'fs.inotify.max_user_watches=524288',
  ];
  return textFile('/etc/sysctl.d/90-k8s-diskless.conf', `${values.join('\n')}\n`);
}

const OUR_LINKS = ['cni0', 'kd-*', 'veth*'];

/**
 * systemd-networkd and NetworkManager would otherwise ask for DHCP on pods' links and drop routes that are not theirs
 * from the node's own link; udev would give bridges another MAC address after pods have learned the first.
 */
export function unmanagedLinks(): DesiredFile[] {
  const names = OUR_LINKS.join(' ');
  const devices = OUR_LINKS.map((name) => `interface-name:${name}`).join(';');
  return [
    textFile('/etc/systemd/network/10-k8s-diskless.network', `[Match]\nName=${names}\n\n[Link]\nUnmanaged=yes\n`),
    textFile(
      '/etc/systemd/network/10-k8s-diskless.link',
      `[Match]\nOriginalName=${names}\n\n[Link]\nMACAddressPolicy=none\n`,
    ),
    textFile('/etc/systemd/networkd.conf.d/10-k8s-diskless.conf', '[Network]\nManageForeignRoutes=no\n'),
    textFile('/etc/NetworkManager/conf.d/10-k8s-diskless.conf', `[keyfile]\nunmanaged-devices+=${devices}\n`),
  ];
}

/** RAM is the disk: the journal gets a fixed share of it. */
export function volatileJournal(): DesiredFile {
  const settings = ['Storage=volatile', 'RuntimeMaxUse=64M', 'RateLimitIntervalSec=30s', 'RateLimitBurst=10000'];
  return textFile('/etc/systemd/journald.conf.d/10-k8s-diskless.conf', `[Journal]\n${settings.join('\n')}\n`);
}
