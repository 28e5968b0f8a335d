import type { BootConfig } from '../config/boot-schema.js';
import { cidrContains } from '../config/cidr.js';
import type { LoadedConfig } from '../config/load.js';
import { nodeNameProblem } from '../config/names.js';
import { problemsError } from '../config/problems.js';
import * as scalar from '../config/scalars.js';
import type { NodeSpec } from '../config/spec.js';
import { didYouMean } from '../config/suggest.js';
import { noHostsError, wantedHosts } from '../config/wanted-hosts.js';

/** A machine, as boot files know it. */
export interface BootHost {
  name: string;
  /** Lower case, with colons. */
  mac?: string;
  nodeIp?: string;
}

export interface BootHostsInput {
  /** `--hosts` */
  hosts?: string;
  /** `--mac`: `s4=52:54:00:12:34:04,s5=…`; wins over the file. */
  macs?: string;
  file?: LoadedConfig;
  recorded: readonly NodeSpec[];
  /** Name of the cluster, for the error when there are no hosts. */
  cluster: string;
  /** A DHCP server of ours gives every machine its address as node. */
  dhcp: Pick<NonNullable<BootConfig['dhcp']>, 'range' | 'network'>;
}

/**
 * The machines that boot: those of `--hosts`, else of the config file, else of the recorded cluster.
 *
 * @throws usage error (exit 2) with the place of what is wrong
 */
export function bootHosts({ hosts, macs, file, recorded, cluster, dhcp }: BootHostsInput): BootHost[] {
  const listed = wantedHosts({ ...(hosts !== undefined && { hosts }), ...(file && { file }), recorded });
  const wanted = listed ?? recorded;
  if (wanted.length === 0) throw noHostsError(cluster, 'boot render');
  const given = parseMacs(macs);
  const names = wanted.map(({ name }) => name);
  const machines = wanted.map(({ name, mac, nodeIp, ...rest }): PlacedHost => {
    const known = given.get(name) ?? mac;
    const host = { name, ...(known !== undefined && { mac: known }), ...(nodeIp !== undefined && { nodeIp }) };
    const path = 'path' in rest ? rest.path : undefined;
    const placeOf = (key: string): string => (path && file ? `${file.place([...path, key])}: ` : '');
    return { host, macPlace: given.has(name) ? '' : placeOf('mac'), addressPlace: placeOf('nodeIp') };
  });
  const problems = [
    ...[...given.keys()]
      .filter((name) => !names.includes(name))
      .map((name) => `--mac: ${name} is not among the hosts; ${didYouMean(name, names) ?? names.join(', ')}`),
    ...machines.flatMap((machine, index) => hostProblems(machine, machines.slice(0, index))),
    ...machines.flatMap((machine) => addressProblems(machine, dhcp)),
  ];
  if (problems.length > 0) throw problemsError(problems, 'the list of machines');
  return machines.map(({ host }) => host);
}

interface PlacedHost {
  host: BootHost;
  /** Where the config file says it, ready to stand in front of a message. */
  macPlace: string;
  addressPlace: string;
}

function hostProblems({ host: { name, mac }, macPlace }: PlacedHost, earlier: readonly PlacedHost[]): string[] {
  const twin = earlier.find(({ host }) => mac !== undefined && host.mac === mac);
  return [
    ...(twin ? [`${macPlace}${name} has the same MAC address as ${twin.host.name}: ${mac}`] : []),
    ...(name === 'default'
      ? ['a machine cannot be called default: default.ign is for those without a MAC address']
      : []),
  ];
}

/** What dnsmasq would give a machine: in another network than its range, the machine reaches nobody. */
function addressProblems({ host, addressPlace }: PlacedHost, { range, network }: BootHostsInput['dhcp']): string[] {
  const { name, mac, nodeIp } = host;
  if (range === undefined || network === undefined || mac === undefined || nodeIp === undefined) return [];
  if (cidrContains(network, nodeIp)) return [];
  const remedy = 'leave nodeIp out where nodes have another network for the cluster, and name that in network.nodeCidr';
  return [`${addressPlace}the address ${nodeIp} of ${name} lies outside boot.dhcp.network ${network}; ${remedy}`];
}

/** @throws usage error that names the wrong part */
function parseMacs(text: string | undefined): Map<string, string> {
  const macs = new Map<string, string>();
  const problems: string[] = [];
  for (const item of text?.split(',') ?? []) {
    const [name = '', address = ''] = item.trim().split('=');
    const { data, error } = scalar.macAddress.safeParse(address);
    const problem = nodeNameProblem(name) ?? error?.issues[0]?.message ?? (macs.has(name) && `${name} is given twice`);
    if (problem) problems.push(`--mac: ${JSON.stringify(item)}: ${problem}`);
    else macs.set(name, data ?? '');
  }
  if (problems.length > 0) throw problemsError(problems, '--mac');
  return macs;
}
