import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { LoadedConfig } from '../config/load.js';
import { loadConfig } from '../config/load.js';
import { lostMembers } from '../config/lost-members.js';
import type { ResolvedSpec } from '../config/resolve.js';
import { resolveSpec } from '../config/resolve.js';
import type { ContentSource } from '../delivery/content-source.js';
import { usageError } from '../errors.js';
import type { KubeObject } from '../kube/objects.js';
import type { HostKeyPolicy } from '../ssh/host-key.js';
import { readClusterRecord, readNodeRecords } from '../state/record-files.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import type { StateDir } from '../state/state-dir.js';
import {
  type ContentInputs,
  type ContentPlace,
  contentOf,
  openContent,
  requireContent,
  versionDefaults,
} from './content.js';
import { networkManifest } from './network-manifest.js';
import type { RunFlags } from './options.js';
import { stateOf } from './state-of.js';

/** Everything `up` and `plan` work from, read and checked before any node is contacted; only the cache is written to. */
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
  const state = stateOf(flags, file);
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
  const networkObjects = await networkManifest({ network: resolved.spec.network, signal });
  const content = await contentOf(inputs, resolved.spec);
  // Bad archives are bad input: told before any node is contacted.
  await Promise.all([content.images(), requireContent({ ...resolved, nodeRecords, place }, content)]);
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

async function requireReadable(file: string): Promise<void> {
  await access(file, constants.R_OK).catch((cause: Error) => {
    const message = `the SSH configuration ${file} cannot be read`;
    throw usageError({ code: 'ssh-config-unreadable', message, hint: 'check the path given by --ssh-config', cause });
  });
}
