import type { LoadedConfig } from '../config/load.js';
import { loadConfig } from '../config/load.js';
import { discardedMembers, lostMembers } from '../config/named-members.js';
import { outdatedCluster } from '../config/outdated.js';
import type { ResolvedSpec } from '../config/resolve.js';
import { resolveSpec } from '../config/resolve.js';
import type { ClusterSpec } from '../config/spec.js';
import type { SpecFlags } from '../config/spec-flags.js';
import { decideSsh } from '../config/ssh-settings.js';
import type { ContentSource } from '../delivery/content-source.js';
import type { DisklessError } from '../errors.js';
import type { KubeObject } from '../kube/objects.js';
import { requireReadableConfig } from '../ssh/effective-config.js';
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
import { sshOfFlags } from './ssh-flags.js';
import { stateOf } from './state-of.js';

/** Everything `up` and `plan` work from, read and checked before any node is contacted; only the cache is written to. */
export interface RunInputs extends ResolvedSpec {
  state: StateDir;
  record?: ClusterRecord;
  nodeRecords: Map<string, NodeRecord>;
  /** Control planes that are off and whose data is gone, by a person's word. */
  lost: ReadonlySet<string>;
  /** Control planes whose etcd data may go, by a person's word. */
  discardData: ReadonlySet<string>;
  /** Where its binaries come from. */
  place: ContentPlace;
  content: ContentSource;
  /** Objects of the user's own CNI manifest, with network mode `manifest`. */
  networkObjects: KubeObject[];
  /** Why the recorded cluster is not brought up any more: then it is as recorded, to be looked at. */
  outdated?: DisklessError;
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
  const recorded = record?.spec;
  const known = { state, nodeRecords, place, ...(record && { record }) };
  const outdated = recorded && !flags.newCluster ? outdatedCluster(recorded) : undefined;
  if (recorded && outdated) return { ...known, ...(await asRecorded({ recorded, flags, file, inputs })), outdated };
  const asked = (flags.kubernetes ?? file?.config.kubernetes)?.replace(/^v/, '');
  const defaults =
    recorded && !flags.newCluster ? { kubernetes: recorded.kubernetes } : await versionDefaults(inputs, asked);
  const resolved = resolveSpec({
    flags: specFlags(flags),
    newCluster: flags.newCluster,
    defaults: { ...defaults, ...(flags.dnsImage !== undefined && { dnsImage: flags.dnsImage }) },
    ...(file && { file }),
    ...(recorded && { recorded }),
  });
  const { network, ssh } = resolved.spec;
  const lost = lostMembers(flags.lost, resolved.spec);
  const discardData = discardedMembers(flags.discardData, resolved.spec);
  if (ssh?.configFile !== undefined) await requireReadableConfig(ssh.configFile);
  const networkObjects = await networkManifest({ network, signal });
  const content = await contentOf(inputs, resolved.spec);
  // Bad archives are bad input: told before any node is contacted, and before downloads that would go on meanwhile.
  await content.images();
  await requireContent({ ...resolved, nodeRecords, place }, content);
  return { ...known, ...resolved, lost, discardData, networkObjects, content };
}

interface Recorded {
  recorded: ClusterSpec;
  flags: RunFlags;
  file: LoadedConfig | undefined;
  inputs: ContentInputs;
}

/** Nothing is decided anew but how its nodes are reached, and none of its artifacts is needed. */
async function asRecorded({ recorded, flags, file, inputs }: Recorded) {
  const ssh = decideSsh({ flags: sshOfFlags(flags), file: file?.config, recorded: recorded.ssh });
  if (ssh?.configFile !== undefined) await requireReadableConfig(ssh.configFile);
  const spec = { ...recorded, ...(ssh && { ssh }) };
  const lost = lostMembers(flags.lost, spec);
  const discardData = discardedMembers(flags.discardData, spec);
  return { spec, notes: [], lost, discardData, networkObjects: [], content: await contentOf(inputs, spec) };
}

function specFlags(flags: RunFlags): SpecFlags {
  const { cluster, hosts, controlPlane, taintControlPlane, readyTimeout, kubernetes } = flags;
  return {
    ssh: sshOfFlags(flags),
    ...(cluster !== undefined && { cluster }),
    ...(hosts !== undefined && { hosts }),
    ...(controlPlane !== undefined && { controlPlane }),
    ...(taintControlPlane !== undefined && { taintControlPlane }),
    ...(readyTimeout !== undefined && { readyTimeout }),
    ...(kubernetes !== undefined && { kubernetes }),
  };
}

export function contentPlace(flags: ContentPlace, file: LoadedConfig | undefined): ContentPlace {
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
