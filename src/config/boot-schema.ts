import { z } from 'zod';
import * as values from './boot-scalars.js';
import * as scalar from './scalars.js';
import { askedForm, type Decided, oneOf, type Section, setting } from './setting.js';

/* The section `boot`: how the machines get their operating system over the network; see schema.ts. */

export const OS_NAMES = ['flatcar', 'fcos', 'generic'] as const;
export type OsName = (typeof OS_NAMES)[number];
/** Ignition's specifications that can be written. */
export const IGNITION_VERSIONS = ['3.3.0'] as const;
export type IgnitionVersion = (typeof IGNITION_VERSIONS)[number];

/** What earlier releases took, and may have recorded: refused by name wherever machines are to boot. */
export const RETIRED_OS = 'coreos';
export const RETIRED_IGNITION = '2.2.0';

/** Each continues the path of the key. */
export const RETIRED_REASONS = {
  [RETIRED_OS]:
    'coreos, CoreOS Container Linux of 2018, is no longer supported: no Kubernetes of today runs on its containerd; ' +
    'use flatcar, Flatcar Container Linux, which goes on from it',
  [RETIRED_IGNITION]:
    '2.2.0, which only images of before 2022 read, is no longer supported; use 3.3.0, with Flatcar from 3185 on',
} as const;

const osName = unlessRetired(RETIRED_OS).pipe(z.enum(OS_NAMES));
const ignitionVersion = unlessRetired(RETIRED_IGNITION).pipe(z.enum(IGNITION_VERSIONS));

function unlessRetired(retired: keyof typeof RETIRED_REASONS) {
  return z.unknown().superRefine((value, context) => {
    if (value === retired) context.addIssue(RETIRED_REASONS[retired]);
  });
}

const dhcp = {
  range: setting(values.addressRange, {
    text: 'Addresses dnsmasq gives out: 10.0.0.100-10.0.0.200.',
    otherwise: 'none, beside an existing DHCP server',
  }),
  network: setting(scalar.cidr, { text: "The machines' network.", otherwise: "that of dnsmasq's own address" }),
  interface: setting(values.interfaceName, { text: 'Where dnsmasq listens.', otherwise: 'every interface' }),
  gateway: setting(scalar.address, { text: 'Default gateway of the machines.', otherwise: 'none is given out' }),
  nameservers: setting(z.array(scalar.address).min(1), {
    type: 'list of IPv4 addresses',
    text: 'Nameservers of the machines.',
    otherwise: 'none are given out',
  }),
  domain: setting(scalar.domain, { text: 'DNS domain of the machines.', otherwise: 'none is given out' }),
} satisfies Section;

const tftp = {
  root: setting(values.tftpRoot, {
    text: "Directory of iPXE's programs.",
    otherwise: '/usr/lib/ipxe, where Debian has them',
  }),
  bios: setting(values.tftpFile, { text: 'iPXE for BIOS.', otherwise: 'undionly.kpxe' }),
  uefi: setting(values.tftpFile, { text: 'iPXE for UEFI, of the machines’ architecture.', otherwise: 'ipxe.efi' }),
} satisfies Section;

/** Nothing is decided before it is used: recorded is what the file said, and `boot/settings.ts` has the defaults. */
export const boot = {
  os: setting(osName, {
    heading: 'Booting',
    type: oneOf(OS_NAMES),
    text: 'fcos: Fedora CoreOS; generic: any kernel and initrd.',
    otherwise: 'flatcar',
    recorded: z.enum([...OS_NAMES, RETIRED_OS]),
  }),
  channel: setting(scalar.word, { text: 'Channel or stream of the operating system.', otherwise: 'stable' }),
  version: setting(values.osVersion, { text: 'Version of the operating system.', otherwise: 'the newest fetched' }),
  arch: setting(z.enum(['amd64', 'arm64']), { text: 'Architecture of the machines.', otherwise: 'amd64' }),
  images: setting(scalar.path, { text: "Directory with the operating system's files under upstream's names." }),
  keyring: setting(scalar.path, {
    text: 'OpenPGP keys the images must be signed with, fetched ones and those of a directory.',
  }),
  kernel: setting(scalar.path, { text: 'With os generic: the kernel.' }),
  initrd: setting(scalar.path, { text: 'With os generic: the initrd.' }),
  kernelArgs: setting(z.array(values.kernelArgument), { type: 'list of words', text: 'Further kernel arguments.' }),
  rootSize: setting(values.tmpfsSize, { text: 'Most the root file system may take of RAM.', otherwise: '75%' }),
  url: setting(values.bootUrl, { text: 'Where machines fetch from: http://ADDRESS:PORT of `boot serve`.' }),
  listen: setting(values.listenAddress, {
    text: 'ADDRESS:PORT `boot serve` binds to.',
    otherwise: 'those of url',
  }),
  sshKeys: setting(z.array(values.publicKeyOrPath).min(1), {
    type: 'list of keys or paths',
    text: 'Public keys of user core, or files of them.',
    otherwise: 'those of the agent and ~/.ssh/*.pub',
    paths: (keys, absolute) => keys.map((key) => (isKeyPath(key) ? absolute(key) : key)),
  }),
  ignition: setting(scalar.path, { text: 'Ignition file of your own, merged into that of every machine.' }),
  ignitionVersion: setting(ignitionVersion, {
    type: oneOf(IGNITION_VERSIONS),
    text: 'Ignition specification to write.',
    otherwise: '3.3.0',
    recorded: z.enum([...IGNITION_VERSIONS, RETIRED_IGNITION]),
  }),
  ntp: setting(z.array(values.timeServer).min(1), {
    type: 'list of names or addresses',
    text: 'Time servers.',
    otherwise: 'those of the operating system',
  }),
  dhcp,
  tftp,
} satisfies Section;

export const bootSection = askedForm(boot);

/** The section as a valid file has it. */
export type BootSection = z.output<typeof bootSection>;

/** The section as it is recorded, which an earlier release may have done. */
export type BootConfig = Decided<typeof boot>;

/** A key has white space between its type and its base64; a path that has some too is not worth the doubt. */
export function isKeyPath(text: string): boolean {
  return !/\s/.test(text);
}
