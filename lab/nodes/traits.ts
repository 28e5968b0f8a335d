import type { SystemName } from '../generations.js';

/** Segments of the lab's network; a frame never passes from one to another. */
export type Segment = 'main' | 'far' | 'hidden' | 'storage';

/** Second octet of a segment's /24; the third is the lab's. */
export const SEGMENT_OCTET: Readonly<Record<Segment, number>> = { main: 146, far: 147, hidden: 148, storage: 149 };

export const SEGMENTS: readonly Segment[] = ['main', 'far', 'hidden', 'storage'];

/** What is wrong with a node's cable, the same in both directions. */
export interface LinkShape {
  /** In the units of tc, e.g. `10mbit`. */
  rate?: string;
  /** Share of frames lost, 0 to 1. */
  loss?: number;
}

/** A middlebox that breaks SSH connections once they have carried so much. */
export interface SshFault {
  /** Bytes from the client after which a connection breaks. */
  afterBytes: number;
  /** How many connections break; later ones live. Default: all. */
  connections?: number;
  /** `reset` tells both ends, `stall` lets packets vanish. */
  how: 'reset' | 'stall';
}

export interface Disturbance {
  link: LinkShape;
  ssh?: SshFault;
}

/** A file put into the node's root before every boot. */
interface NodeFile {
  /** Absolute, not below /usr. */
  path: string;
  content: string;
  /** Default 0o644. */
  mode?: number;
}

/** Everything in which one node may differ from another. */
export interface NodeTraits {
  hostName: string;
  /** Container runtime. Default: that of the lab's generation. */
  system?: SystemName;
  /** One NIC for each: eth0, eth1, … */
  segments: Segment[];
  mtu: number;
  /** Size of the root's tmpfs, in the units of tmpfs. */
  rootSize: string;
  sshPort: number;
  /** How many are in /etc/resolv.conf; nobody answers at their addresses. */
  nameservers: number;
  /** Programs that do not exist below /usr. */
  hiddenPrograms: string[];
  files: NodeFile[];
  /** Shell commands run before every boot with the node's root as working directory. */
  prepare: string[];
  /** Other nodes are reached through this one. */
  isJumpHost: boolean;
  disturbance: Disturbance;
}

/** Roomy, and as with any tmpfs only what is written is used. */
const ROOT_SIZE = '6g';

export function ordinaryTraits(name: string): NodeTraits {
  return {
    hostName: name,
    segments: ['main'],
    mtu: 1500,
    rootSize: ROOT_SIZE,
    sshPort: 22,
    nameservers: 1,
    hiddenPrograms: [],
    files: [],
    prepare: [],
    isJumpHost: false,
    disturbance: { link: {} },
  };
}
