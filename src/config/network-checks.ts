import { cidrContains, cidrOverlaps, cidrSize, nthAddress, parseCidr, subnetCount } from './cidr.js';
import type { SpecDraft } from './draft.js';
import type { ConfigPath, CrossProblem } from './problems.js';

/** kube-apiserver refuses service networks of more than 20 host bits. */
const SHORTEST_SERVICE_PREFIX = 12;
/** The 10th address is the DNS service's. */
const LONGEST_SERVICE_PREFIX = 28;
/** This network, loopback, multicast and beyond. */
const NOT_UNICAST = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3'];

interface NamedCidr {
  path: ConfigPath;
  cidr: string;
}

export function checkNetwork(draft: SpecDraft): CrossProblem[] {
  return [checkOverlaps, checkServiceCidr, checkDnsAddress, checkNodePrefix, checkApiAddress].flatMap((check) =>
    check(draft),
  );
}

/** Every CIDR of the cluster with the key it comes from. */
function cidrsOf({ network: { podCidr, serviceCidr, nodeCidr } }: SpecDraft): NamedCidr[] {
  return [
    { path: ['network', 'podCidr'], cidr: podCidr },
    { path: ['network', 'serviceCidr'], cidr: serviceCidr },
    ...(nodeCidr === undefined ? [] : [{ path: ['network', 'nodeCidr'], cidr: nodeCidr }]),
  ];
}

function checkOverlaps(draft: SpecDraft): CrossProblem[] {
  const cidrs = cidrsOf(draft);
  return cidrs.flatMap((later, index) =>
    cidrs
      .slice(0, index)
      .filter((earlier) => cidrOverlaps(earlier.cidr, later.cidr))
      .map((earlier) => ({
        paths: [later.path, earlier.path],
        message: `${later.path.join('.')} ${later.cidr} overlaps ${earlier.path.join('.')} ${earlier.cidr}`,
      })),
  );
}

function checkServiceCidr({ network: { serviceCidr } }: SpecDraft): CrossProblem[] {
  if (hasServicePrefix(serviceCidr)) return [];
  const message = `${serviceCidr} must have a prefix from /${SHORTEST_SERVICE_PREFIX} to /${LONGEST_SERVICE_PREFIX}`;
  return [{ paths: [['network', 'serviceCidr']], message }];
}

function hasServicePrefix(serviceCidr: string): boolean {
  const prefix = parseCidr(serviceCidr)?.prefix ?? 0;
  return prefix >= SHORTEST_SERVICE_PREFIX && prefix <= LONGEST_SERVICE_PREFIX;
}

function checkDnsAddress({ network: { serviceCidr, dnsAddress } }: SpecDraft): CrossProblem[] {
  if (!hasServicePrefix(serviceCidr)) return [];
  const paths = [
    ['network', 'dnsAddress'],
    ['network', 'serviceCidr'],
  ];
  if (!cidrContains(serviceCidr, dnsAddress)) {
    return [{ paths, message: `the DNS address ${dnsAddress} is outside network.serviceCidr ${serviceCidr}` }];
  }
  const last = cidrSize(serviceCidr) - 1;
  const reserved = [0, 1, last].map((n) => nthAddress(serviceCidr, n));
  if (!reserved.includes(dnsAddress)) return [];
  const [first, api, broadcast] = reserved;
  const message = `the DNS address may not be ${first}, ${api} (the API) or ${broadcast} of ${serviceCidr}`;
  return [{ paths, message }];
}

function checkNodePrefix({ network: { podCidr, nodePrefix }, nodes }: SpecDraft): CrossProblem[] {
  const paths = [
    ['network', 'nodePrefix'],
    ['network', 'podCidr'],
  ];
  const room = subnetCount(podCidr, nodePrefix);
  if (room >= nodes.length) return [];
  const message = `network.podCidr ${podCidr} has room for ${room} nodes of /${nodePrefix}, ${nodes.length} are in the cluster`;
  return [{ paths, message }];
}

function checkApiAddress(draft: SpecDraft): CrossProblem[] {
  const { apiAddress } = draft.network;
  const path = ['network', 'apiAddress'];
  if (NOT_UNICAST.some((cidr) => cidrContains(cidr, apiAddress))) {
    return [{ paths: [path], message: `${apiAddress} cannot be the address of an interface` }];
  }
  return cidrsOf(draft)
    .filter(({ cidr }) => cidrContains(cidr, apiAddress))
    .map(({ path: other, cidr }) => ({
      paths: [path, other],
      message: `network.apiAddress ${apiAddress} lies inside ${other.join('.')} ${cidr}`,
    }));
}
