import { isSnapshotId } from '../backup/snapshot-info.js';
import { findSnapshot, listSnapshots, newestKnownId, snapshotStore, storeOfId } from '../backup/snapshot-store.js';
import { requireRecord } from '../cluster/recorded-cluster.js';
import type { LoadedConfig } from '../config/load.js';
import { loadConfig } from '../config/load.js';
import { discardedMembers, lostMembers, recoveredMember } from '../config/named-members.js';
import { outdatedCluster } from '../config/outdated.js';
import type { ResolvedSpec } from '../config/resolve.js';
import { resolveSpec } from '../config/resolve.js';
import type { ClusterSpec } from '../config/spec.js';
import { decideSsh } from '../config/ssh-settings.js';
import type { ContentSource } from '../delivery/content-source.js';
import { type DisklessError, refusal, usageError } from '../errors.js';
import type { KubeObject } from '../kube/objects.js';
import type { Recovery } from '../plan/etcd-facts.js';
import { requireRecipients } from '../sealed/seal.js';
import { requireReadableConfig } from '../ssh/effective-config.js';
import type { HostKey } from '../ssh/transport.js';
import { readClusterRecord, readJumpHosts, readNodeRecords } from '../state/record-files.js';
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
import { importBackup } from './import-backup.js';
import { networkManifest } from './network-manifest.js';
import type { ClusterRequest } from './requests.js';
import { sshOfRequest } from './ssh-of-request.js';
import { stateOf } from './state-of.js';

/** Everything `up` and `plan` work from, read and checked before any node is contacted; only the cache is written to. */
export interface RunInputs extends ResolvedSpec {
  state: StateDir;
  record?: ClusterRecord;
  nodeRecords: Map<string, NodeRecord>;
  /** By name in known_hosts: as recorded, and from then on what the run believes. */
  jumpHosts: Map<string, HostKey>;
  /** Control planes that are off and whose data is gone, by a person's word. */
  lost: ReadonlySet<string>;
  /** Control planes whose etcd data may go, by a person's word. */
  discardData: ReadonlySet<string>;
  /** Whose etcd data the next life is made of, by a person's word. */
  recoverFrom?: Recovery;
  /** Snapshot that a person named. */
  snapshot?: string;
  /** Where its binaries come from. */
  place: ContentPlace;
  content: ContentSource;
  /** Objects of the user's own CNI manifest, with network mode `manifest`. */
  networkObjects: KubeObject[];
  /** Why the recorded cluster is not brought up any more: then it is as recorded, to be looked at. */
  outdated?: DisklessError;
}

export async function readInputs(
  request: ClusterRequest,
  signal: AbortSignal,
  onProgress: ContentInputs['progress'],
): Promise<RunInputs> {
  const file = request.config === undefined ? undefined : await loadConfig(request.config);
  const state = stateOf(request, file);
  const record = await readClusterRecord(state);
  const nodeRecords = await readNodeRecords(state);
  const jumpHosts = await readJumpHosts(state);
  const place = contentPlace(request, file);
  const inputs = await openContent(place, { progress: onProgress, signal, recheck: request.verify });
  const recorded = record?.spec;
  const upgrade = request.newCluster ? undefined : record?.upgrade;
  if (record === undefined) await refuseLostRecord(state);
  refuseContradiction(request);
  const snapshot = await keptSnapshot(request, state);
  const known = { state, nodeRecords, jumpHosts, place, ...(record && { record }), ...(snapshot && { snapshot }) };
  const outdated = recorded && !request.newCluster ? outdatedCluster(recorded) : undefined;
  if (recorded && outdated) return { ...known, ...(await asRecorded({ recorded, request, file, inputs })), outdated };
  const asked = (request.kubernetes ?? file?.config.kubernetes)?.replace(/^v/, '');
  const defaults =
    recorded && !request.newCluster ? { kubernetes: recorded.kubernetes } : await versionDefaults(inputs, asked);
  const resolved = resolveSpec({
    flags: { ...request, ssh: sshOfRequest(request) },
    newCluster: request.newCluster,
    defaults: { ...defaults, ...(request.dnsImage !== undefined && { dnsImage: request.dnsImage }) },
    ...(file && { file }),
    ...(recorded && { recorded }),
    ...(upgrade && { upgrade }),
    ...(record?.leaving && { leaving: record.leaving }),
    ...(request.upgradingTo && { upgradingTo: request.upgradingTo }),
  });
  const { network, ssh } = resolved.spec;
  const lost = lostMembers(request.lost, resolved.spec);
  const discardData = discardedMembers(request.discardData, resolved.spec);
  const recoverFrom = recoveryOf(request, resolved.spec);
  if (ssh?.configFile !== undefined) await requireReadableConfig(ssh.configFile);
  await requireRecipients(resolved.spec.backup.recipients ?? []);
  const imported = await importedSnapshot({ request, state, record, spec: resolved.spec, signal });
  const networkObjects = await networkManifest({ network, signal });
  const content = await contentOf(inputs, resolved.spec, upgrade);
  // Bad archives are bad input: told before any node is contacted, and before downloads that would go on meanwhile.
  await content.images();
  await requireContent({ ...resolved, nodeRecords, place }, content);
  const brought = imported && { snapshot: imported.id };
  const words = { lost, discardData, ...(recoverFrom && { recoverFrom }) };
  return { ...known, ...brought, ...resolved, ...words, networkObjects, content };
}

function recoveryOf({ recoverFrom, olderData = false }: ClusterRequest, spec: ClusterSpec): Recovery | undefined {
  return recoverFrom === undefined ? undefined : { name: recoveredMember(recoverFrom, spec), olderData };
}

/** A cluster that had a past is never begun empty because its record was lost. @throws refusal (exit 5) */
async function refuseLostRecord(state: StateDir): Promise<void> {
  const store = snapshotStore(state);
  if ((await newestKnownId(store, await listSnapshots(store))) === undefined) return;
  throw refusal({
    code: 'record-lost',
    message: `${state.root} has snapshots of a cluster, and no record of it: ${state.clusterFile} is missing`,
    hint: `put ${state.clusterFile} back; or name another place with --state-dir to begin a new cluster`,
  });
}

/** @throws usage error */
function refuseContradiction({ snapshot, empty, newCluster, recoverFrom, olderData }: ClusterRequest): void {
  if (olderData && recoverFrom === undefined) {
    const message = '--older-data goes with --recover-from';
    throw usageError({ code: 'words-contradict', message, hint: 'name whose data it is: --recover-from NAME' });
  }
  const from = recoverFrom === undefined ? [] : ['--recover-from'];
  const given = [...from, ...(snapshot === undefined ? [] : ['--snapshot']), ...(empty === true ? ['--empty'] : [])];
  const words = [...given, ...(newCluster && given.length > 0 ? ['--new-cluster'] : [])];
  if (words.length < 2) return;
  const message = `${words.join(' and ')} contradict each other`;
  throw usageError({ code: 'words-contradict', message, hint: 'leave all but one of them away' });
}

/** Of one that is named by its ID. @throws usage error where there is none */
async function keptSnapshot({ snapshot }: ClusterRequest, state: StateDir): Promise<string | undefined> {
  if (snapshot === undefined || !isSnapshotId(snapshot)) return undefined;
  return (await findSnapshot(storeOfId(state, snapshot), snapshot)).id;
}

interface ImportedOptions {
  request: ClusterRequest;
  state: StateDir;
  record: ClusterRecord | undefined;
  spec: ClusterSpec;
  signal: AbortSignal;
}

/** One that is named by its path is brought into the store, if it can be restored into what is to be brought up. */
async function importedSnapshot({ request, state, record, spec, signal }: ImportedOptions) {
  const { snapshot: file, unsealSnapshot: unsealWith } = request;
  if (file === undefined || isSnapshotId(file)) return undefined;
  const recorded = requireRecord(record, state);
  return importBackup({ recorded, file, unsealWith, spec, now: () => new Date(), signal });
}

interface Recorded {
  recorded: ClusterSpec;
  request: ClusterRequest;
  file: LoadedConfig | undefined;
  inputs: ContentInputs;
}

/** Nothing is decided anew but how its nodes are reached, and none of its artifacts is needed. */
async function asRecorded({ recorded, request, file, inputs }: Recorded) {
  const ssh = decideSsh({ flags: sshOfRequest(request), file: file?.config, recorded: recorded.ssh });
  if (ssh?.configFile !== undefined) await requireReadableConfig(ssh.configFile);
  const spec = { ...recorded, ...(ssh && { ssh }) };
  const lost = lostMembers(request.lost, spec);
  const discardData = discardedMembers(request.discardData, spec);
  return { spec, notes: [], lost, discardData, networkObjects: [], content: await contentOf(inputs, spec) };
}

export function contentPlace(request: ContentPlace, file: LoadedConfig | undefined): ContentPlace {
  const configured = file?.config.artifacts;
  const isUrl = configured !== undefined && /^https?:/.test(configured);
  const artifacts = request.artifacts ?? (isUrl ? undefined : configured);
  const mirror = request.mirror ?? (isUrl ? configured : undefined);
  const images = request.images ?? file?.config.images;
  return {
    ...(artifacts !== undefined && { artifacts }),
    ...(mirror !== undefined && { mirror }),
    ...(images !== undefined && { images }),
  };
}
