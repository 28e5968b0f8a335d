import { usageError } from '../errors.js';
import type { AddressFact } from '../facts/facts.js';
import { cidrContains } from './cidr.js';

export interface NodeIpInput {
  /** From the config file. */
  configured?: string;
  /** network.nodeCidr. */
  nodeCidr?: string;
  /** The address the SSH connection arrived at. */
  sshAddress?: string;
  addresses: readonly AddressFact[];
}

export interface NodeIp {
  address: string;
  /** The network link that carries it. */
  link: string;
}

/** Reachable from the node itself (loopback) or its own segment (link-local) only. */
const UNUSABLE = ['127.0.0.0/8', '169.254.0.0/16'];

/**
 * The address a node is known by in the cluster (design §6): the configured one, else the one inside nodeCidr, else
 * the one the SSH connection arrived at. Never "the first NIC": with several networks that is right only by chance,
 * and after a reboot another one may be first.
 *
 * @throws usage error `node-ip-…` that lists the candidates
 */
export function chooseNodeIp(input: NodeIpInput): NodeIp {
  const { configured, nodeCidr, sshAddress } = input;
  const candidates = input.addresses.filter(
    ({ address, family }) => family === 4 && !UNUSABLE.some((cidr) => cidrContains(cidr, address)),
  );
  const withAddress = (wanted: string): AddressFact[] => candidates.filter(({ address }) => address === wanted);
  if (configured !== undefined) {
    const code = 'node-ip-not-local';
    return only(withAddress(configured), { code, message: `its configured nodeIp ${configured}`, candidates });
  }
  if (nodeCidr !== undefined) {
    const inside = candidates.filter(({ address }) => cidrContains(nodeCidr, address));
    const arrived = inside.filter(({ address }) => address === sshAddress);
    const code = 'node-ip-outside-node-cidr';
    const message = `an address inside network.nodeCidr ${nodeCidr}`;
    return only(arrived.length > 0 ? arrived : inside, { code, message, candidates });
  }
  const code = 'node-ip-unknown';
  const message = `the address SSH arrived at (${sshAddress ?? 'not told'})`;
  return only(sshAddress === undefined ? [] : withAddress(sshAddress), { code, message, candidates });
}

interface Search {
  code: string;
  /** What was looked for. */
  message: string;
  candidates: readonly AddressFact[];
}

function only(found: readonly AddressFact[], { code, message, candidates }: Search): NodeIp {
  const [first, ...others] = found;
  if (first && others.length === 0) return { address: first.address, link: first.link };
  const problem = first ? `is there ${found.length} times` : 'is not a usable IPv4 address on one of its interfaces';
  throw usageError({
    code: first ? 'node-ip-ambiguous' : code,
    message: `${message} ${problem}`,
    hint: `set nodeIp of this host, or network.nodeCidr, in the config file; it has ${describe(candidates)}`,
  });
}

function describe(candidates: readonly AddressFact[]): string {
  if (candidates.length === 0) return 'no usable IPv4 address';
  return candidates.map(({ address, prefix, link }) => `${address}/${prefix} on ${link}`).join(', ');
}
