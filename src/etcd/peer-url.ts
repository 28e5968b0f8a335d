import { OWN_PORTS } from '../node/ports.js';

/** Where a member's peers reach it. */
export const peerUrl = (nodeIp: string): string => `https://${nodeIp}:${OWN_PORTS.etcdPeer.port}`;
