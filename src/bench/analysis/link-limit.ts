import type { Environment } from '../record/environment-schema.js';
import type { Path } from '../record/terms.js';

/** Preamble, start delimiter, MAC header, FCS and inter-frame gap of an Ethernet frame (IEEE 802.3). */
const ETHERNET_BYTES = 38;
const IPV4_BYTES = 20;
const UDP_BYTES = 8;
/** With timestamps, which Linux sends by default (RFC 7323). */
const TCP_BYTES = 32;
/** Outer IPv4, UDP and VXLAN headers and the inner MAC header (RFC 7348). */
export const VXLAN_BYTES = 50;
/** iperf3 attributes bytes to intervals a little late; anything beyond is not rounding. */
export const LIMIT_TOLERANCE = 1.01;

export interface LinkLimitOptions {
  environment: Environment;
  path: Path;
  protocol: 'tcp' | 'udp';
  from: string;
  to: string;
}

/**
 * The goodput no measurement can exceed, bit/s: the slower link's rate times payload over what a full packet takes on
 * the wire. undefined where no physical link limits it: within a node, and on veths, whose speed is fictitious.
 */
export function linkLimit({ environment, path, protocol, from, to }: LinkLimitOptions): number | undefined {
  if (from === to) return undefined;
  const ends = environment.nodes.filter(({ name }) => name === from || name === to);
  const rates = ends.flatMap(({ nic }) => (nic.kind === 'physical' ? (nic.bitsPerSecond ?? []) : []));
  if (rates.length < 2) return undefined;
  const mtu = Math.min(...ends.map(({ nic, podMtu }) => (path === 'host' ? nic.mtu : podMtu)));
  const encapsulated = path !== 'host' && environment.cluster.networkMode === 'vxlan' ? VXLAN_BYTES : 0;
  const payload = mtu - IPV4_BYTES - (protocol === 'tcp' ? TCP_BYTES : UDP_BYTES);
  return (Math.min(...rates) * payload) / (mtu + encapsulated + ETHERNET_BYTES);
}
