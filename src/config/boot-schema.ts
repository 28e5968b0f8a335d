import { z } from 'zod';
import * as boot from './boot-scalars.js';
import * as scalar from './scalars.js';

/* The section `boot`: how the machines get their operating system over the network. */

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

const path = z.string().min(1);
const osName = unlessRetired(RETIRED_OS).pipe(z.enum(OS_NAMES));
const ignitionVersion = unlessRetired(RETIRED_IGNITION).pipe(z.enum(IGNITION_VERSIONS));

function unlessRetired(retired: keyof typeof RETIRED_REASONS) {
  return z.unknown().superRefine((value, context) => {
    if (value === retired) context.addIssue(RETIRED_REASONS[retired]);
  });
}

const dhcp = z.strictObject({
  range: boot.addressRange
    .optional()
    .describe('Addresses dnsmasq gives out: 10.0.0.100-10.0.0.200. Default: none, beside an existing DHCP server.'),
  network: scalar.cidr.optional().describe("The machines' network. Default: that of dnsmasq's own address."),
  interface: boot.interfaceName.optional().describe('Where dnsmasq listens. Default: every interface.'),
  gateway: scalar.address.optional().describe('Default gateway of the machines. Default: none is given out.'),
  nameservers: z
    .array(boot.nameserver)
    .min(1)
    .optional()
    .describe('Nameservers of the machines. Default: none are given out.'),
  domain: scalar.domain.optional().describe('DNS domain of the machines. Default: none is given out.'),
});

const tftp = z.strictObject({
  root: boot.tftpRoot
    .optional()
    .describe("Directory of iPXE's programs. Default: /usr/lib/ipxe, where Debian has them."),
  bios: boot.tftpFile.optional().describe('iPXE for BIOS. Default: undionly.kpxe.'),
  uefi: boot.tftpFile.optional().describe('iPXE for UEFI, of the machines’ architecture. Default: ipxe.efi.'),
});

export const bootSection = z.strictObject({
  os: osName.optional().describe('fcos: Fedora CoreOS; generic: any kernel and initrd. Default: flatcar.'),
  channel: z.string().min(1).optional().describe('Channel or stream of the operating system. Default: stable.'),
  version: boot.osVersion.optional().describe('Version of the operating system. Default: the newest fetched.'),
  arch: z.enum(['amd64', 'arm64']).optional().describe('Architecture of the machines. Default: amd64.'),
  images: path.optional().describe("Directory with the operating system's files under upstream's names."),
  keyring: path
    .optional()
    .describe('OpenPGP keys the images must be signed with, fetched ones and those of a directory.'),
  kernel: path.optional().describe('With os generic: the kernel.'),
  initrd: path.optional().describe('With os generic: the initrd.'),
  kernelArgs: z.array(boot.kernelArgument).optional().describe('Further kernel arguments.'),
  rootSize: boot.tmpfsSize.optional().describe('Most the root file system may take of RAM. Default: 75%.'),
  url: boot.bootUrl.optional().describe('Where machines fetch from: http://ADDRESS:PORT of `boot serve`.'),
  listen: boot.listenAddress.optional().describe('ADDRESS:PORT `boot serve` binds to. Default: those of url.'),
  sshKeys: z
    .array(boot.publicKeyOrPath)
    .min(1)
    .optional()
    .describe('Public keys of user core, or files of them. Default: those of the agent and ~/.ssh/*.pub.'),
  ignition: path.optional().describe('Ignition file of your own, merged into that of every machine.'),
  ignitionVersion: ignitionVersion.optional().describe('Ignition specification to write. Default: 3.3.0.'),
  ntp: z.array(boot.timeServer).min(1).optional().describe('Time servers. Default: those of the operating system.'),
  dhcp: dhcp.optional().describe('DHCP settings of the generated dnsmasq.conf.'),
  tftp: tftp.optional().describe('Where the generated dnsmasq.conf finds iPXE.'),
});

/** The section as a valid file has it. */
export type BootSection = z.output<typeof bootSection>;

/** The section as it is recorded, which an earlier release may have done. */
export interface BootConfig extends Omit<BootSection, 'os' | 'ignitionVersion'> {
  os?: OsName | typeof RETIRED_OS | undefined;
  ignitionVersion?: IgnitionVersion | typeof RETIRED_IGNITION | undefined;
}
