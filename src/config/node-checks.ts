import { cidrContains, parseAddress } from './cidr.js';
import type { DraftNode, SpecDraft } from './draft.js';
import type { ConfigPath, CrossProblem } from './problems.js';

export function checkNodes(draft: SpecDraft): CrossProblem[] {
  return [checkUniqueness, checkNodeCidr, checkAddresses].flatMap((check) => check(draft));
}

interface Identity {
  path: ConfigPath;
  what: string;
  /** undefined: the node has none that could clash. */
  of(node: DraftNode): string | undefined;
}

const IDENTITIES: readonly Identity[] = [
  { path: ['name'], what: 'name', of: ({ name }) => name },
  { path: ['address'], what: 'SSH destination', of: ({ ssh }) => `${ssh.host}${ssh.port ? ` port ${ssh.port}` : ''}` },
  { path: ['nodeIp'], what: 'node IP', of: ({ nodeIp }) => nodeIp },
  { path: ['mac'], what: 'MAC address', of: ({ mac }) => mac },
];

function checkUniqueness({ nodes }: SpecDraft): CrossProblem[] {
  return IDENTITIES.flatMap(({ path, what, of }) => {
    const owners = new Map<string, string>();
    return nodes.flatMap((node) => {
      const value = of(node);
      const owner = value === undefined ? undefined : owners.get(value);
      if (value !== undefined && owner === undefined) owners.set(value, node.name);
      return owner === undefined
        ? []
        : [{ node: node.name, paths: [path], message: `${node.name} has the same ${what} as ${owner}: ${value}` }];
    });
  });
}

function checkNodeCidr({ network: { nodeCidr }, nodes }: SpecDraft): CrossProblem[] {
  if (nodeCidr === undefined) return [];
  return nodes.flatMap(({ name, nodeIp }) =>
    nodeIp === undefined || cidrContains(nodeCidr, nodeIp)
      ? []
      : [{ node: name, paths: [['nodeIp']], message: `${nodeIp} is outside network.nodeCidr ${nodeCidr}` }],
  );
}

/** An address of a node inside one of our networks would be hidden by our routes and rules. */
function checkAddresses({ network, nodes }: SpecDraft): CrossProblem[] {
  const ours = [
    { what: 'network.podCidr', cidr: network.podCidr },
    { what: 'network.serviceCidr', cidr: network.serviceCidr },
    { what: 'network.apiAddress', cidr: network.apiAddress },
  ];
  return nodes.flatMap(({ name, ssh, nodeIp }) => {
    const addresses = [
      ...(parseAddress(ssh.host) === undefined ? [] : [{ path: ['address'], address: ssh.host }]),
      ...(nodeIp === undefined || nodeIp === ssh.host ? [] : [{ path: ['nodeIp'], address: nodeIp }]),
    ];
    return addresses.flatMap(({ path, address }) =>
      ours
        .filter(({ cidr }) => cidrContains(cidr, address))
        .map(({ what, cidr }) => ({
          node: name,
          paths: [path],
          message: `the address ${address} of ${name} lies inside ${what} ${cidr}`,
        })),
    );
  });
}
