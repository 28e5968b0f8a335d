import { kernelModules, sysctls, unmanagedLinks, volatileJournal } from '../../components/system-config.js';
import type { IgnitionVersion } from '../../config/boot-schema.js';
import type { ClusterSpec } from '../../config/spec.js';
import type { DesiredFile } from '../../node/desired.js';
import type { OsDriver } from '../os/os-driver.js';
import { dataUrl } from './data-url.js';
import type { Ignition, IgnitionFile, IgnitionUnit } from './schema.js';

export interface NodeIgnitionInput {
  /** Node name; absent for machines that take their name from DHCP. */
  host?: string;
  os: OsDriver;
  version: IgnitionVersion;
  /** Lines of authorized_keys. */
  sshKeys: readonly string[];
  timeServers: readonly string[];
  /** What the cluster runs on decides which kernel modules are loaded. */
  cluster: Pick<ClusterSpec, 'network' | 'kubeProxy'>;
}

/** The user of the CoreOS family: it exists in every image, with sudo. */
const USER = 'core';

/**
 * What a RAM-only machine is given at every boot: who may log in, its name, and what its system needs before `up`
 * comes. The files are those that `up` writes later, so that it finds them done.
 */
export function nodeIgnition(input: NodeIgnitionInput): Ignition {
  const { os, version, sshKeys } = input;
  return {
    ignition: { version },
    passwd: { users: [{ name: USER, sshAuthorizedKeys: [...sshKeys] }] },
    storage: { files: files(input) },
    systemd: { units: units(os) },
  };
}

function files({ host, os, timeServers, cluster }: NodeIgnitionInput): IgnitionFile[] {
  const system = [kernelModules(cluster), sysctls(), ...unmanagedLinks(), volatileJournal()];
  const time = timeServers.length > 0 ? os.timeServers?.(timeServers) : undefined;
  return [
    ...(host === undefined ? [] : [ignitionFile('/etc/hostname', `${host}\n`)]),
    ...system.map(ofDesired),
    ...(time ? [ignitionFile(time.path, time.text)] : []),
  ];
}

function ofDesired({ path, content, mode }: DesiredFile): IgnitionFile {
  if (content.kind !== 'text') throw new Error(`${path} does not belong into Ignition`);
  return ignitionFile(path, content.text, mode);
}

/** An image may bring the file: without `overwrite`, Ignition stops the boot then. */
function ignitionFile(path: string, text: string, mode = 0o644): IgnitionFile {
  return { path, overwrite: true, contents: { source: dataUrl(text) }, mode };
}

function units({ units: { masked, enabled } }: OsDriver): IgnitionUnit[] {
  return [...masked.map((name) => ({ name, mask: true })), ...enabled.map((name) => ({ name, enabled: true }))];
}
