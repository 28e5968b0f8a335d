import type { BootHost } from '../../src/boot/hosts.js';
import { parseExtraIgnition } from '../../src/boot/ignition/extra.js';
import type { BootPlan } from '../../src/boot/render.js';
import { bootSettings } from '../../src/boot/settings.js';
import { type BootConfig, bootSection } from '../../src/config/boot-schema.js';
import { decideSettings } from '../../src/config/settings.js';
import type { NetworkSpec, ProxyMode } from '../../src/config/spec.js';

export const URL = 'http://10.0.0.1:8080';
/** Public keys that nobody has the private half of. */
export const KEYS = [
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL/LJ5xUJf70f+ngnJMwuPyGthNK0fKgEP67vLC3gQJ0 admin@lab',
  'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIP8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEc3NoOg== teacher',
];

export const WITH_MACS: BootHost[] = [
  { name: 's4', mac: '52:54:00:00:00:04', nodeIp: '10.0.0.4' },
  { name: 's5', mac: '52:54:00:00:00:05' },
];

interface Given {
  boot?: BootConfig;
  hosts?: readonly BootHost[];
  url?: string;
  network?: NetworkSpec['mode'];
  proxy?: ProxyMode;
  /** Text of the user's own Ignition. */
  extra?: string;
}

export function plan({ boot = {}, hosts = WITH_MACS, url = URL, network, proxy, extra }: Given = {}): BootPlan {
  const settings = bootSettings(bootSection.parse(boot));
  const config = { network: { mode: network ?? 'routed' }, kubeProxy: { mode: proxy ?? 'iptables' } };
  const version = settings.ignitionVersion;
  return {
    settings,
    url,
    hosts,
    sshKeys: KEYS,
    cluster: decideSettings({ file: config, flags: {}, defaults: { kubernetes: '1.37.2' }, nodeCount: hosts.length }),
    ...(extra !== undefined && { extra: parseExtraIgnition({ file: 'extra.ign', text: extra, version }) }),
  };
}
