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
 * The address a node is known by in the cluster: the configured one, else the one inside nodeCidr, else
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
    return only(withAddress(configured), { code, ...wordsFor(`its configured nodeIp ${configured}`), candidates });
  }
  if (nodeCidr !== undefined) {
    const inside = candidates.filter(({ address }) => cidrContains(nodeCidr, address));
    const arrived = inside.filter(({ address }) => address === sshAddress);
    return only(arrived.length > 0 ? arrived : inside, {
      code: 'node-ip-outside-node-cidr',
      none: `none of its addresses is inside network.nodeCidr ${nodeCidr}`,
      several: `${inside.length} of its addresses are inside network.nodeCidr ${nodeCidr}`,
      candidates,
    });
  }
  const code = 'node-ip-unknown';
  const words = wordsFor(`the address SSH arrived at (${sshAddress ?? 'unknown'})`);
  return only(sshAddress === undefined ? [] : withAddress(sshAddress), { code, ...words, candidates });
}

interface Search {
  /** When nothing was found. */
  code: string;
  /** What is wrong when nothing was found, or more than one address. */
  none: string;
  several: string;
  candidates: readonly AddressFact[];
}

/** Of one certain address, which may be on several interfaces. */
function wordsFor(address: string): Pick<Search, 'none' | 'several'> {
  return {
    none: `${address} is not a usable IPv4 address on one of its interfaces`,
    several: `${address} is on several of its interfaces`,
  };
}

function only(found: readonly AddressFact[], { code, none, several, candidates }: Search): NodeIp {
  const [first, ...others] = found;
  if (first && others.length === 0) return { address: first.address, link: first.link };
  const remedy = first
    ? 'choose one address with nodeIp of this host in the config file'
    : 'set nodeIp of this host, or network.nodeCidr, in the config file';
  throw usageError({
    code: first ? 'node-ip-ambiguous' : code,
    message: first ? several : none,
    hint: `${remedy}; it has ${describe(candidates)}`,
  });
}

function describe(candidates: readonly AddressFact[]): string {
  if (candidates.length === 0) return 'no usable IPv4 address';
  return candidates.map(({ address, prefix, link }) => `${address}/${prefix} on ${link}`).join(', ');
}
