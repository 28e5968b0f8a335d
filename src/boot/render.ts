import { problemsError } from '../config/problems.js';
import type { ClusterSpec } from '../config/spec.js';
import { usageError } from '../errors.js';
import { dnsmasqConfig } from './dnsmasq.js';
import type { BootHost } from './hosts.js';
import type { ExtraIgnition } from './ignition/inner-files.js';
import { joinIgnition, mergeIgnition } from './ignition/merge.js';
import { nodeIgnition } from './ignition/node-ignition.js';
import type { Ignition } from './ignition/schema.js';
import {
  DEFAULT_SCRIPT,
  ENTRY_SCRIPT,
  entryScript,
  imageName,
  machineScript,
  macScriptName,
  unknownMachineScript,
} from './ipxe.js';
import { secretIn, secretsIn } from './secrets.js';
import type { BootSettings } from './settings.js';

/** Everything boot files are made of. */
export interface BootPlan {
  settings: BootSettings;
  /** Without a slash at the end. */
  url: string;
  hosts: readonly BootHost[];
  /** Lines of authorized_keys. */
  sshKeys: readonly string[];
  cluster: Pick<ClusterSpec, 'network' | 'kubeProxy'>;
  /** The user's own Ignition, with the files it holds. */
  extra?: readonly ExtraIgnition[];
}

export interface BootFile {
  /** Below the boot URL, and in the output directory. */
  name: string;
  kind: 'ipxe' | 'ignition' | 'dnsmasq';
  text: string;
  /** The machine it is for; absent for files of several. */
  host?: string;
  mac?: string;
}

/**
 * All files of a boot server. Machines whose MAC address is known have a script and an Ignition file of their own; the
 * others share one and take their name from DHCP. When every host's address is known, a stranger is told so.
 *
 * @throws usage error (exit 2) when the user's own Ignition contradicts, or something secret would be served
 */
export function renderBoot(plan: BootPlan): BootFile[] {
  const { url, hosts } = plan;
  const shared = hosts.some(({ mac }) => mac === undefined);
  const files: BootFile[] = [
    { name: ENTRY_SCRIPT, kind: 'ipxe', text: entryScript(url) },
    ...(shared
      ? machineFiles(plan, undefined)
      : [{ name: DEFAULT_SCRIPT, kind: 'ipxe' as const, text: unknownMachineScript(url) }]),
    ...hosts.filter(({ mac }) => mac !== undefined).flatMap((host) => machineFiles(plan, host)),
    ...dnsmasqFile(plan),
  ];
  refuseSecrets(files);
  return files;
}

function machineFiles(plan: BootPlan, host: BootHost | undefined): BootFile[] {
  const { settings, url } = plan;
  const { os, rootSize, kernelArgs } = settings;
  const ignitionName = `${host?.name ?? 'default'}.ign`;
  const kernelArguments = os.kernelArguments({
    ignitionUrl: `${url}/${ignitionName}`,
    imageUrl: (role) => `${url}/images/${imageName(os, role)}`,
    rootSize,
  });
  const script = machineScript({
    url,
    os,
    ignitionName,
    kernelArguments: [...kernelArguments, ...kernelArgs],
    ...(host && { host: host.name }),
  });
  const whose = host && { host: host.name, ...(host.mac !== undefined && { mac: host.mac }) };
  const scriptName = host?.mac === undefined ? DEFAULT_SCRIPT : macScriptName(host.mac);
  return [
    { name: scriptName, kind: 'ipxe', text: script, ...whose },
    { name: ignitionName, kind: 'ignition', text: ignitionText(plan, host), ...whose },
  ];
}

function ignitionText({ settings, sshKeys, cluster, extra }: BootPlan, host: BootHost | undefined): string {
  const { os, ignitionVersion: version, timeServers } = settings;
  const ours = nodeIgnition({ os, version, sshKeys, timeServers, cluster, ...(host && { host: host.name }) });
  return `${JSON.stringify(extra === undefined ? ours : withExtra(ours, extra), undefined, 2)}\n`;
}

function withExtra(ours: Ignition, extra: readonly ExtraIgnition[]): Ignition {
  const lines = extra.flatMap(({ config, place }) =>
    mergeIgnition(ours, config).conflicts.map(({ path, message }) => `${place(path)} ${message}`),
  );
  if (lines.length > 0) throw problemsError(lines, 'the Ignition file');
  return extra.reduce((all, { config }) => joinIgnition(all, config, 'k8s-diskless').config, ours);
}

function dnsmasqFile({ settings, url, hosts }: BootPlan): BootFile[] {
  const { arch, dhcp, tftp, timeServers } = settings;
  const text = dnsmasqConfig({ url, arch, hosts, dhcp, tftp, timeServers });
  return text === undefined ? [] : [{ name: 'dnsmasq.conf', kind: 'dnsmasq', text }];
}

/** The last look at what everyone on the machines' network will be able to read. */
function refuseSecrets(files: readonly BootFile[]): void {
  for (const { name, kind, text } of files) {
    const what = kind === 'ignition' ? secretsIn(JSON.parse(text))[0]?.what : secretIn(text);
    if (what === undefined) continue;
    throw usageError({
      code: 'boot-secret',
      message: `${name} would hold ${what}, and everyone on the machines' network can read it`,
      hint: 'take it out of the configuration; secrets reach nodes over SSH only',
    });
  }
}
