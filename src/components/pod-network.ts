import type { NetworkSpec } from '../config/spec.js';
import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import type { ComponentContext } from './context.js';
import { textFile } from './systemd.js';

/**
 * bridge, host-local and portmap are what our own conflist names; containerd always runs loopback, and a user's own
 * CNI manifest (flannel, for one) counts on all four.
 */
export const CNI_PLUGINS = ['bridge', 'host-local', 'loopback', 'portmap'] as const;

/** Also host-local's directory below /var/lib/cni/networks, where it keeps the addresses it gave. */
const POD_NETWORK = 'k8s-diskless';
export const POD_CONFLIST = `${PATHS.ownCniConf}/10-${POD_NETWORK}.conflist`;
/** Flatcar's own networkd configuration leaves cni* alone too. */
const POD_BRIDGE = 'cni0';

/**
 * Of several files in a directory the first in the alphabet wins, whoever wrote it, from the image or later: where the pod
 * network is ours containerd looks into no directory that is not.
 */
export function cniConfDirectory({ mode }: NetworkSpec): string {
  return mode === 'manifest' ? PATHS.cniConf : PATHS.ownCniConf;
}

/** Outer Ethernet, IPv4, UDP and VXLAN header. */
const VXLAN_OVERHEAD = 50;

/** Pod MTU: as configured, else what the node's link carries, minus the tunnel's header. */
export function podMtu({ spec, traits }: ComponentContext): number {
  return spec.network.mtu ?? traits.linkMtu - (spec.network.mode === 'vxlan' ? VXLAN_OVERHEAD : 0);
}

/**
 * The bridge and host-local plugins on this node's pod CIDR; a user's own CNI manifest brings its own. No masquerading
 * by the plugin: pods keep their source address across nodes. Hairpin, so that a pod reaches itself by its service.
 */
export function podConflist(context: ComponentContext): DesiredFile[] {
  if (context.spec.network.mode === 'manifest') return [];
  const conflist = {
    // Read by every containerd and every release of the plugins in the table.
    cniVersion: '0.4.0',
    name: POD_NETWORK,
    plugins: [
      {
        type: 'bridge',
        bridge: POD_BRIDGE,
        isDefaultGateway: true,
        ipMasq: false,
        hairpinMode: true,
        mtu: podMtu(context),
        ipam: { type: 'host-local', ranges: [[{ subnet: context.node.podCidr }]] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
  return [textFile(POD_CONFLIST, `${JSON.stringify(conflist, undefined, 2)}\n`)];
}
