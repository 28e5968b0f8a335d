import type { Arch } from '../artifacts/catalogue.js';
import { parseRange } from '../config/boot-scalars.js';
import {
  type BootConfig,
  type BootSection,
  type IgnitionVersion,
  RETIRED_IGNITION,
  RETIRED_OS,
  RETIRED_REASONS,
} from '../config/boot-schema.js';
import { cidrContains } from '../config/cidr.js';
import type { ConfigPath } from '../config/problems.js';
import { didYouMean } from '../config/suggest.js';
import { OS_DRIVERS } from './os/drivers.js';
import type { OsDriver } from './os/os-driver.js';

/** Everything about booting that flags, config file and record decide, defaults filled in. */
export interface BootSettings {
  os: OsDriver;
  /** Empty where the operating system has none. */
  channel: string;
  /** Absent: the newest there is. */
  version?: string;
  arch: Arch;
  /** Directory of image files under upstream's names. */
  images?: string;
  /** Files of the generic operating system. */
  kernel?: string;
  initrd?: string;
  keyring?: string;
  kernelArgs: readonly string[];
  rootSize: string;
  url?: string;
  listen?: string;
  sshKeys?: readonly string[];
  ignition?: string;
  ignitionVersion: IgnitionVersion;
  timeServers: readonly string[];
  dhcp: NonNullable<BootConfig['dhcp']>;
  tftp: NonNullable<BootConfig['tftp']>;
}

export interface SettingsProblem {
  /** Key of the section `boot` to blame. */
  path: ConfigPath;
  message: string;
}

/**
 * tmpfs takes RAM only for what it holds; the kernel's default of a half is little for a node whose images, logs and
 * pods all lie there, and a quarter is left to processes.
 */
const ROOT_SIZE = '75%';

/** @param boot What was asked for, flags over file over record. */
export function bootSettings(boot: BootSection): BootSettings {
  const os = OS_DRIVERS[boot.os ?? 'flatcar'];
  const [channel = ''] = os.channels;
  const { os: _os, ntp = [], ...asked } = boot;
  return {
    os,
    channel,
    ignitionVersion: '3.3.0',
    arch: 'amd64',
    kernelArgs: [],
    rootSize: ROOT_SIZE,
    timeServers: ntp,
    dhcp: {},
    tftp: {},
    ...asked,
  };
}

/** What an earlier release recorded, and no release boots any more. */
export function retiredIn({ os, ignitionVersion }: BootConfig): SettingsProblem[] {
  return [
    ...(os === RETIRED_OS ? [{ path: ['os'], message: RETIRED_REASONS[os] }] : []),
    ...(ignitionVersion === RETIRED_IGNITION
      ? [{ path: ['ignitionVersion'], message: RETIRED_REASONS[ignitionVersion] }]
      : []),
  ];
}

/** What single values cannot tell. Pure. */
export function settingsProblems(boot: BootSection): SettingsProblem[] {
  const settings = bootSettings(boot);
  return [checkChannel, checkImages, checkRootSize, checkTime, checkKernelArgs, checkDhcp].flatMap((check) =>
    check(settings, boot),
  );
}

type Check = (settings: BootSettings, asked: BootSection) => SettingsProblem[];

const checkChannel: Check = ({ os, channel }, asked) => {
  if (asked.channel === undefined || os.channels.includes(channel)) return [];
  const known = os.channels.length === 0 ? 'has no channels' : `has the channels ${os.channels.join(', ')}`;
  const help = didYouMean(channel, os.channels);
  return [{ path: ['channel'], message: [`${channel}: ${os.title} ${known}`, help].filter(Boolean).join('; ') }];
};

const checkImages: Check = ({ os, kernel, initrd, images }) => {
  const files = { kernel, initrd };
  const given = (['kernel', 'initrd'] as const).filter((key) => files[key] !== undefined);
  if (os.name !== 'generic') {
    return given.map((key) => ({ path: [key], message: `is for os generic; the ${key} of ${os.title} is known` }));
  }
  if (images !== undefined || given.length === 2) return [];
  const missing = given.includes('kernel') ? 'initrd' : 'kernel';
  return [{ path: [missing], message: `os generic needs the file of its ${missing}` }];
};

const checkRootSize: Check = ({ os }, { rootSize }) =>
  rootSize === undefined || os.sizedRoot
    ? []
    : [{ path: ['rootSize'], message: `${os.title} does not take the size of its root from the command line` }];

const checkTime: Check = ({ os }, { ntp }) =>
  ntp === undefined || os.timeServers !== undefined
    ? []
    : [{ path: ['ntp'], message: `it is not known how ${os.title} is told its time servers; use boot.ignition` }];

/** What our own part of the command line says. */
const OWN_ARGUMENTS =
  /^(initrd|ignition\.|flatcar\.(first_boot|config\.url)|coreos\.(first_boot|config\.url|live\.rootfs_url))/;

const checkKernelArgs: Check = ({ kernelArgs, os }) =>
  kernelArgs.flatMap((argument, index) => {
    const root = os.sizedRoot && argument.startsWith('rootflags=');
    if (!root && !OWN_ARGUMENTS.test(argument)) return [];
    const instead = root ? '; use boot.rootSize' : '';
    return [{ path: ['kernelArgs', index], message: `${argument} is set by k8s-diskless itself${instead}` }];
  });

const checkDhcp: Check = ({ dhcp: { range, network, gateway } }) => {
  const { first, last } = (range === undefined ? undefined : parseRange(range)) ?? {};
  const addresses = { range: [first, last], gateway: [gateway] };
  return (['range', 'gateway'] as const).flatMap((key) =>
    addresses[key].some((address) => address !== undefined && network && !cidrContains(network, address))
      ? [{ path: ['dhcp', key], message: `lies outside boot.dhcp.network ${network}` }]
      : [],
  );
};
