import {
  type BootSettings,
  bootSettings,
  retiredIn,
  type SettingsProblem,
  settingsProblems,
} from '../boot/settings.js';
import { type BootConfig, type BootSection, bootSection } from '../config/boot-schema.js';
import type { LoadedConfig } from '../config/load.js';
import { type ConfigPath, formatPath, problemsError } from '../config/problems.js';
import { schemaProblems } from '../config/schema-problems.js';
import type { BootFlags, FetchFlags } from './boot-options.js';

type Flags = Partial<BootFlags & FetchFlags>;

/** The flag of every key of the section `boot` that has one. */
const FLAG_OF: Readonly<Record<string, string>> = {
  os: '--os',
  channel: '--channel',
  version: '--os-version',
  arch: '--arch',
  images: '--os-images',
  keyring: '--keyring',
  kernel: '--kernel',
  initrd: '--initrd',
  kernelArgs: '--kernel-args',
  rootSize: '--root-size',
  url: '--url',
  listen: '--listen',
  sshKeys: '--ssh-keys',
  ignition: '--ignition',
  ignitionVersion: '--ignition-version',
  ntp: '--ntp',
  'dhcp.range': '--dhcp-range',
  'dhcp.network': '--dhcp-network',
  'dhcp.interface': '--dhcp-interface',
};

export interface BootConfigInput {
  flags: Flags;
  file?: LoadedConfig;
  recorded?: BootConfig;
}

/**
 * Flags win over the file's section `boot`, which takes the place of what is recorded.
 *
 * @throws usage error (exit 2) with all problems and their places
 */
export function decideBootSettings({ flags, file, recorded }: BootConfigInput): BootSettings {
  const asked = sectionOf(flags);
  const { success, data, error } = bootSection.safeParse(asked, { reportInput: true });
  if (!success) {
    const lines = schemaProblems(bootSection, error.issues).map(({ path, message }) => `${flagOf(path)} ${message}`);
    throw problemsError(lines, 'the command line');
  }
  const base = file ? file.config.boot : recorded;
  const recordedOrAsked = { ...base, ...data, ...(data.dhcp && { dhcp: { ...base?.dhcp, ...data.dhcp } }) };
  const refuse = (problems: readonly SettingsProblem[]): void => {
    const lines = problems.map(({ path, message }) => `${placeOf(path, data, file)}: ${message}`);
    if (lines.length > 0) throw problemsError(lines, 'the section boot');
  };
  refuse(retiredIn(recordedOrAsked));
  const boot = recordedOrAsked as BootSection;
  refuse(settingsProblems(boot));
  return bootSettings(boot);
}

/** The same section, as the command line says it; what is not given is not there. */
function sectionOf(flags: Flags): Record<string, unknown> {
  const list = (text: string | undefined, separator: string | RegExp): string[] | undefined =>
    text?.split(separator).filter((part) => part !== '');
  const dhcp = given({ range: flags.dhcpRange, network: flags.dhcpNetwork, interface: flags.dhcpInterface });
  return given({
    os: flags.os,
    channel: flags.channel,
    version: flags.osVersion,
    arch: flags.arch,
    images: flags.osImages,
    keyring: flags.keyring,
    kernel: flags.kernel,
    initrd: flags.initrd,
    kernelArgs: list(flags.kernelArgs, /\s+/),
    rootSize: flags.rootSize,
    url: flags.url,
    listen: flags.listen,
    sshKeys: list(flags.sshKeys, ','),
    ignition: flags.ignition,
    ignitionVersion: flags.ignitionVersion,
    ntp: list(flags.ntp, ','),
    dhcp: Object.keys(dhcp).length > 0 ? dhcp : undefined,
  });
}

function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function flagOf(path: ConfigPath): string {
  const keys = path.filter((part) => typeof part === 'string');
  return FLAG_OF[keys.join('.')] ?? formatPath(['boot', ...path]);
}

function placeOf(path: ConfigPath, flags: BootConfig, file: LoadedConfig | undefined): string {
  const [key = '', inner = ''] = path;
  const value: unknown = flags[key as keyof BootConfig];
  const byFlag = key === 'dhcp' ? (value as Record<string, unknown> | undefined)?.[inner] : value;
  if (byFlag !== undefined) return flagOf(path);
  const inFile = ['boot', ...path];
  return file?.has(inFile) ? file.place(inFile) : formatPath(inFile);
}
