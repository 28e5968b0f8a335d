import type { DesiredFile } from '../plan/desired.js';
import { textFile } from './systemd.js';

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
