import type { Command } from 'commander';
import { addClusterOptions, type ClusterFlags, option } from './options.js';

/** Which operating system, and where its images are. */
export interface OsFlags extends ClusterFlags {
  config?: string;
  os?: string;
  channel?: string;
  osVersion?: string;
  arch?: string;
  keyring?: string;
}

export interface FetchFlags extends OsFlags {
  mirror?: string;
  checksumsOnly?: boolean;
}

/** What boot files are made of. */
export interface BootFlags extends OsFlags {
  hosts?: string;
  mac?: string;
  sshKeys?: string;
  url?: string;
  listen?: string;
  osImages?: string;
  kernel?: string;
  initrd?: string;
  kernelArgs?: string;
  rootSize?: string;
  ignition?: string;
  ignitionVersion?: string;
  ntp?: string;
  dhcpRange?: string;
  dhcpNetwork?: string;
  dhcpInterface?: string;
}

export interface RenderFlags extends BootFlags {
  out?: string;
}

export interface ServeFlags extends BootFlags {
  log?: string;
}

function addOsOptions(command: Command): Command {
  return addClusterOptions(command)
    .addOption(option('-c, --config <file>', 'cluster config file (YAML); its section boot', 'CONFIG'))
    .addOption(option('--os <name>', 'operating system: flatcar, fcos or generic (default: flatcar)', 'OS'))
    .addOption(option('--channel <name>', 'channel or stream (default: stable)', 'OS_CHANNEL'))
    .addOption(option('--os-version <version>', 'e.g. 4593.2.5 (default: the newest)', 'OS_VERSION'))
    .addOption(option('--arch <arch>', 'of the machines (default: amd64)', 'OS_ARCH').choices(['amd64', 'arm64']))
    .addOption(option('--keyring <file>', 'OpenPGP keys the images must be signed with', 'KEYRING'));
}

export function addFetchOptions(command: Command): Command {
  return addOsOptions(command)
    .addOption(option('--mirror <url>', 'mirror of the release servers, below flatcar/ and fcos/', 'MIRROR'))
    .addOption(
      option('--checksums-only', 'without a keyring: trust whoever serves the images', 'CHECKSUMS_ONLY').conflicts(
        'keyring',
      ),
    );
}

function addBootOptions(command: Command): Command {
  return addOsOptions(command)
    .addOption(option('--hosts <list>', 'hosts: s4,s5,s6 or s[4-6] (default: the recorded cluster’s)', 'HOSTS'))
    .addOption(option('--mac <list>', 'MAC addresses: s4=52:54:00:12:34:04,s5=…', 'MAC'))
    .addOption(option('--ssh-keys <files>', 'public keys of user core (default: agent and ~/.ssh/*.pub)', 'SSH_KEYS'))
    .addOption(option('--url <url>', 'where machines fetch from: http://ADDRESS:PORT', 'BOOT_URL'))
    .addOption(
      option('--listen <address:port>', 'what boot serve binds to (default: address and port of --url)', 'LISTEN'),
    )
    .addOption(option('--os-images <dir>', 'directory with the images, instead of those fetched', 'OS_IMAGES'))
    .addOption(option('--kernel <file>', 'with --os generic', 'KERNEL'))
    .addOption(option('--initrd <file>', 'with --os generic', 'INITRD'))
    .addOption(option('--kernel-args <words>', 'further kernel arguments: "console=ttyS0 quiet"', 'KERNEL_ARGS'))
    .addOption(option('--root-size <size>', 'most the root may take of RAM: 75%, 6G (default: 75%)', 'ROOT_SIZE'))
    .addOption(option('--ignition <file>', 'Ignition of your own to merge into every machine’s', 'IGNITION'))
    .addOption(option('--ignition-version <version>', 'specification to write (default: 3.3.0)', 'IGNITION_VERSION'))
    .addOption(option('--ntp <servers>', 'time servers, separated by commas', 'NTP'))
    .addOption(option('--dhcp-range <range>', 'dnsmasq.conf gives out 10.0.0.100-10.0.0.200', 'DHCP_RANGE'))
    .addOption(option('--dhcp-network <cidr>', 'network of the machines, where dnsmasq is not in it', 'DHCP_NETWORK'))
    .addOption(option('--dhcp-interface <name>', 'where dnsmasq listens', 'DHCP_INTERFACE'));
}

export function addRenderOptions(command: Command): Command {
  return addBootOptions(command).addOption(option('--out <dir>', 'write the files there, instead of showing', 'OUT'));
}

export function addServeOptions(command: Command): Command {
  return addBootOptions(command).addOption(
    option('--log <file>', 'append what happens as JSON lines (default: below runs/ of the state)', 'BOOT_LOG'),
  );
}
