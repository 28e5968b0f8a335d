import { homedir, networkInterfaces } from 'node:os';
import { clusterNameOf, stateOf } from '../app/state-of.js';
import { chooseBootUrl } from '../boot/boot-url.js';
import { bootHosts } from '../boot/hosts.js';
import { readExtraIgnition } from '../boot/ignition/extra.js';
import type { BootPlan } from '../boot/render.js';
import type { BootSettings } from '../boot/settings.js';
import { gatherSshKeys } from '../boot/ssh-keys.js';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import { decideSettings } from '../config/settings.js';
import type { ClusterSpec } from '../config/spec.js';
import { NEWEST } from '../config/version-table.js';
import { readClusterRecord } from '../state/record-files.js';
import type { StateDir } from '../state/state-dir.js';
import { decideBootSettings } from './boot-config.js';
import type { BootFlags, OsFlags } from './boot-options.js';

/** What `boot render` and `boot serve` work from. Nothing is written, and no machine is asked. */
export interface BootInputs {
  plan: BootPlan;
  /** Of the cluster; it need not exist. */
  state: StateDir;
  /** What was decided that a person should know. */
  notes: string[];
}

export async function readBootInputs(flags: BootFlags, signal: AbortSignal): Promise<BootInputs> {
  const { file, recorded, cluster, state } = await readSources(flags);
  const boot = decideBootSettings({ flags, ...(file && { file }), ...(recorded?.boot && { recorded: recorded.boot }) });
  const hosts = bootHosts({
    cluster,
    recorded: recorded?.nodes ?? [],
    dhcp: boot.dhcp,
    ...(file && { file }),
    ...(flags.hosts !== undefined && { hosts: flags.hosts }),
    ...(flags.mac !== undefined && { macs: flags.mac }),
  });
  const { url, note } = chooseBootUrl(boot, networkInterfaces());
  const sshKeys = await gatherSshKeys({
    home: homedir(),
    env: process.env,
    signal,
    ...(boot.sshKeys && { configured: boot.sshKeys }),
  });
  const { ignition, ignitionVersion } = boot;
  const extra = ignition === undefined ? undefined : await readExtraIgnition(ignition, ignitionVersion);
  const settings = { file: file?.config, flags: {}, recorded, defaults: NEWEST, nodeCount: hosts.length };
  const { network, kubeProxy } = decideSettings(settings);
  return {
    plan: { settings: boot, url, hosts, sshKeys, cluster: { network, kubeProxy }, ...(extra && { extra }) },
    state,
    notes: [...(note === undefined ? [] : [note])],
  };
}

/** The same for `boot fetch`, which needs no hosts. */
export async function readOsSettings(flags: OsFlags): Promise<{ settings: BootSettings; file?: LoadedConfig }> {
  const { file, recorded } = await readSources(flags);
  const sources = { ...(file && { file }), ...(recorded?.boot && { recorded: recorded.boot }) };
  return { settings: decideBootSettings({ flags, ...sources }), ...(file && { file }) };
}

interface Sources {
  cluster: string;
  state: StateDir;
  file?: LoadedConfig;
  recorded?: ClusterSpec;
}

async function readSources(flags: OsFlags): Promise<Sources> {
  const file = flags.config === undefined ? undefined : await loadConfig(flags.config);
  const cluster = clusterNameOf(flags, file);
  const state = stateOf(flags, file);
  const recorded = (await readClusterRecord(state))?.spec;
  return { cluster, state, ...(file && { file }), ...(recorded && { recorded }) };
}
