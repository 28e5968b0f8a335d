import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import type { LoadedConfig } from '../config/load.js';
import { loadConfig } from '../config/load.js';
import { lostMembers } from '../config/lost-members.js';
import type { ResolvedSpec } from '../config/resolve.js';
import { resolveSpec } from '../config/resolve.js';
import type { ClusterSpec } from '../config/spec.js';
import type { ContentSource } from '../delivery/content-source.js';
import { usageError } from '../errors.js';
import { parseManifest } from '../kube/manifest.js';
import type { KubeObject } from '../kube/objects.js';
import type { HostKeyPolicy } from '../ssh/host-key.js';
import { readClusterRecord, readNodeRecords } from '../state/record-files.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import { locateStateDir, type StateDir } from '../state/state-dir.js';
import { type ContentInputs, type ContentPlace, contentOf, openContent, versionDefaults } from './content.js';
import type { RunFlags } from './options.js';

/** Everything `up` and `plan` work from, read and checked before any connection is made; nothing is written. */
export interface RunInputs extends ResolvedSpec {
  state: StateDir;
  record?: ClusterRecord;
  nodeRecords: Map<string, NodeRecord>;
  /** Control planes that are off and whose data is gone, by a person's word. */
  lost: ReadonlySet<string>;
  /** Where its binaries come from. */
  place: ContentPlace;
  content: ContentSource;
  /** Objects of the user's own CNI manifest, with network mode `manifest`. */
  networkObjects: KubeObject[];
  ssh: { configFile?: string; user?: string; connectTimeoutMs: number; policy: HostKeyPolicy };
}

export async function readInputs(
  flags: RunFlags,
  signal: AbortSignal,
  onProgress: ContentInputs['progress'],
): Promise<RunInputs> {
  const file = flags.config === undefined ? undefined : await loadConfig(flags.config);
  const cluster = flags.cluster ?? file?.config.cluster ?? 'default';
  const state = locateStateDir({
    cluster,
    env: process.env,
    ...(flags.stateDir !== undefined && { stateDir: flags.stateDir }),
  });
  const record = await readClusterRecord(state);
  const nodeRecords = await readNodeRecords(state);
  const place = contentPlace(flags, file);
  const inputs = await openContent(place, { progress: onProgress, signal, recheck: flags.verify });
  const asked = flags.kubernetes ?? file?.config.kubernetes;
  const recorded = record?.spec;
  const defaults = recorded ? { kubernetes: recorded.kubernetes } : await versionDefaults(inputs, asked);
  const resolved = resolveSpec({
    flags: specFlags(flags),
    defaults: { ...defaults, ...(flags.dnsImage !== undefined && { dnsImage: flags.dnsImage }) },
    ...(file && { file }),
    ...(recorded && { recorded }),
  });
  const lost = lostMembers(flags.lost, resolved.spec);
  const networkObjects = await networkManifest(resolved.spec);
  const content = await contentOf(inputs, resolved.spec);
  // Bad archives are bad input: told before any connection is made.
  await content.images();
  return {
    ...resolved,
    lost,
    networkObjects,
    state,
    nodeRecords,
    place,
    content,
    ssh: await sshSettings(flags, file),
    ...(record && { record }),
  };
}

function specFlags({ cluster, hosts, controlPlane, taintControlPlane, kubernetes }: RunFlags) {
  return {
    ...(cluster !== undefined && { cluster }),
    ...(hosts !== undefined && { hosts }),
    ...(controlPlane !== undefined && { controlPlane }),
    ...(taintControlPlane !== undefined && { taintControlPlane }),
    ...(kubernetes !== undefined && { kubernetes }),
  };
}

function contentPlace(flags: RunFlags, file: LoadedConfig | undefined): ContentPlace {
  const configured = file?.config.artifacts;
  const isUrl = configured !== undefined && /^https?:/.test(configured);
  const artifacts = flags.artifacts ?? (isUrl ? undefined : configured);
  const mirror = flags.mirror ?? (isUrl ? configured : undefined);
  const images = flags.images ?? file?.config.images;
  return {
    ...(artifacts !== undefined && { artifacts }),
    ...(mirror !== undefined && { mirror }),
    ...(images !== undefined && { images }),
  };
}

async function sshSettings(flags: RunFlags, file: LoadedConfig | undefined): Promise<RunInputs['ssh']> {
  const ssh = file?.config.ssh;
  const configFile = flags.sshConfig ?? ssh?.configFile;
  if (configFile !== undefined) await requireReadable(configFile);
  return {
    connectTimeoutMs: flags.connectTimeout === undefined ? (ssh?.connectTimeout ?? 5_000) : flags.connectTimeout * 1000,
    policy: flags.hostKeyPolicy ?? ssh?.hostKeyPolicy ?? 'per-boot',
    ...(configFile !== undefined && { configFile }),
    ...(ssh?.user !== undefined && { user: ssh.user }),
  };
}

async function networkManifest({ network }: ClusterSpec): Promise<KubeObject[]> {
  const { mode, manifest: source } = network;
  if (mode !== 'manifest' || source === undefined) return [];
  const text = await readManifestText(source).catch((cause: Error) => {
    const message = `the CNI manifest ${source} cannot be read: ${cause.message}`;
    throw usageError({
      code: 'manifest-unreadable',
      message,
      hint: 'correct network.manifest in the config file',
      cause,
    });
  });
  return parseManifest({ text, source });
}

async function readManifestText(source: string): Promise<string> {
  if (!/^https?:/.test(source)) return readFile(source, 'utf8');
  const response = await fetch(source);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.text();
}

async function requireReadable(file: string): Promise<void> {
  await access(file, constants.R_OK).catch((cause: Error) => {
    const message = `the SSH configuration ${file} cannot be read`;
    throw usageError({ code: 'ssh-config-unreadable', message, hint: 'check the path given by --ssh-config', cause });
  });
}
