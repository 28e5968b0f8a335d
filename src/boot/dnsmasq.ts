import type { Arch } from '../artifacts/catalogue.js';
import { parseRange } from '../config/boot-scalars.js';
import type { BootConfig } from '../config/boot-schema.js';
import { formatAddress, parseAddress, parseCidr } from '../config/cidr.js';
import type { BootHost } from './hosts.js';
import { ENTRY_SCRIPT } from './ipxe.js';

export interface DnsmasqInput {
  url: string;
  arch: Arch;
  hosts: readonly BootHost[];
  dhcp: NonNullable<BootConfig['dhcp']>;
  tftp: NonNullable<BootConfig['tftp']>;
  timeServers: readonly string[];
}

/** Processor architectures of RFC 4578 and IANA, and dnsmasq's names of them in pxe-service. */
const FIRMWARE: Readonly<Record<Arch, readonly { id: number; loader: 'bios' | 'uefi'; pxe: string }[]>> = {
  amd64: [
    { id: 0, loader: 'bios', pxe: 'x86PC' },
    { id: 7, loader: 'uefi', pxe: 'BC_EFI' },
    { id: 9, loader: 'uefi', pxe: 'X86-64_EFI' },
  ],
  arm64: [{ id: 11, loader: 'uefi', pxe: 'ARM64_EFI' }],
};
const TFTP_DEFAULTS = { root: '/usr/lib/ipxe', bios: 'undionly.kpxe', uefi: 'ipxe.efi' };
/** iPXE tells by this DHCP option that it is iPXE already. */
const IPXE_OPTION = 175;

/**
 * dnsmasq.conf for machines that boot over the network: a DHCP server of its own where a range is given, else
 * proxy-DHCP, which leaves addresses to the server that is there and adds only what to boot. iPXE comes over TFTP,
 * everything after it from the boot URL. dnsmasq(8).
 *
 * @returns undefined when nothing says which network a proxy is for: the URL has a name, not an address
 */
export function dnsmasqConfig(input: DnsmasqInput): string | undefined {
  const { dhcp, tftp } = input;
  const { root } = { ...TFTP_DEFAULTS, ...tftp };
  if (dhcp.range === undefined && proxyNetwork(input) === undefined) return undefined;
  const sections = [
    [
      '# Written by k8s-diskless boot render. Try it: dnsmasq --test -C dnsmasq.conf',
      '# Then: dnsmasq -k -C dnsmasq.conf',
    ],
    ['# No DNS, only DHCP and TFTP', 'port=0', ...listening(dhcp)],
    dhcp.range === undefined ? proxyDhcp(input) : ownDhcp(input),
    ['# iPXE itself: on Debian, apt-get install ipxe', 'enable-tftp', `tftp-root=${root}`],
    dhcp.range === undefined ? proxyBoot(input) : ownBoot(input),
    ['# What happens, in the log: who asked, what was answered', 'log-dhcp'],
  ];
  return `${sections.map((section) => section.join('\n')).join('\n\n')}\n`;
}

function listening({ interface: name }: DnsmasqInput['dhcp']): string[] {
  // Beside another dnsmasq (libvirt has one) each must keep to its own interface.
  return name === undefined ? [] : [`interface=${name}`, 'bind-interfaces'];
}

function ownDhcp({ dhcp, hosts, timeServers }: DnsmasqInput): string[] {
  const { first = '', last = '' } = parseRange(dhcp.range ?? '') ?? {};
  const addresses = timeServers.filter((server) => parseAddress(server) !== undefined);
  const option = (name: string, values: readonly string[] = []): string[] =>
    values.length > 0 ? [`dhcp-option=option:${name},${values.join(',')}`] : [];
  return [
    '# The only DHCP server of its network',
    `dhcp-range=${[first, last, ...netmask(dhcp.network), '12h'].join(',')}`,
    'dhcp-authoritative',
    // Unasked, dnsmasq would name itself as the gateway.
    ...(dhcp.gateway === undefined ? ['dhcp-option=option:router'] : option('router', [dhcp.gateway])),
    ...option('dns-server', dhcp.nameservers),
    ...option('ntp-server', addresses),
    ...(dhcp.domain === undefined ? [] : [`domain=${dhcp.domain}`]),
    ...hosts.flatMap(({ mac, name, nodeIp }) =>
      mac === undefined ? [] : [`dhcp-host=${[mac, ...(nodeIp === undefined ? [] : [nodeIp]), name].join(',')}`],
    ),
  ];
}

/** Not for strangers, where ours can be told from them. */
function proxyDhcp(input: DnsmasqInput): string[] {
  const { dhcp, hosts } = input;
  const known = hosts.flatMap(({ mac }) => mac ?? []);
  return [
    '# Beside the DHCP server that gives out the addresses',
    `dhcp-range=${[proxyNetwork(input), 'proxy', ...netmask(dhcp.network)].join(',')}`,
    ...(proxyForEverybody(input)
      ? ['# For every machine that boots over this network: not every host has a MAC address']
      : ['# Only for these machines', ...known.map((mac) => `dhcp-host=${mac},set:node`), 'dhcp-ignore=tag:!node']),
  ];
}

/** Whether machines that are none of ours are answered, beside a DHCP server that is not ours either. */
export function proxyForEverybody({ dhcp, hosts }: Pick<DnsmasqInput, 'dhcp' | 'hosts'>): boolean {
  return dhcp.range === undefined && hosts.some(({ mac }) => mac === undefined);
}

/** An address in the network; dnsmasq knows the netmask of its own. */
function proxyNetwork({ url, dhcp }: DnsmasqInput): string | undefined {
  if (dhcp.network !== undefined) return dhcp.network.replace(/\/.*/, '');
  const { hostname } = new URL(url);
  return parseAddress(hostname) === undefined ? undefined : hostname;
}

function netmask(network: string | undefined): string[] {
  const prefix = network === undefined ? undefined : parseCidr(network)?.prefix;
  if (prefix === undefined) return [];
  return [formatAddress(2 ** 32 - 2 ** (32 - prefix))];
}

/** Firmware gets iPXE for its kind, iPXE gets the first script. */
function ownBoot({ arch, tftp, url }: DnsmasqInput): string[] {
  const loaders = { ...TFTP_DEFAULTS, ...tftp };
  return [
    '# Firmware loads iPXE, and iPXE the first script',
    `dhcp-match=set:ipxe,${IPXE_OPTION}`,
    ...FIRMWARE[arch].flatMap(({ id, loader }) => [
      `dhcp-match=set:arch${id},option:client-arch,${id}`,
      `dhcp-boot=tag:!ipxe,tag:arch${id},${loaders[loader]}`,
    ]),
    `dhcp-boot=tag:ipxe,${url}/${ENTRY_SCRIPT}`,
    '# iPXE need not wait for a proxy beside this server',
    `dhcp-option=tag:ipxe,encap:${IPXE_OPTION},176,1b`,
  ];
}

/** The same in the words of PXE's boot services, which are all a proxy may answer with. */
function proxyBoot({ arch, tftp, url }: DnsmasqInput): string[] {
  const loaders = { ...TFTP_DEFAULTS, ...tftp };
  return [
    '# Firmware loads iPXE, and iPXE the first script',
    `dhcp-match=set:ipxe,${IPXE_OPTION}`,
    ...FIRMWARE[arch].flatMap(({ loader, pxe }) => [
      `pxe-service=tag:!ipxe,${pxe},"iPXE",${loaders[loader]}`,
      `pxe-service=tag:ipxe,${pxe},"k8s-diskless",${url}/${ENTRY_SCRIPT}`,
    ]),
  ];
}
