/** Where a member's peers reach it. */
export const peerUrl = (nodeIp: string): string => `https://${nodeIp}:2380`;
