import type { ClusterSpec, SshSpec } from '../config/spec.js';
import { decideSsh, hostKeyPolicyOf } from '../config/ssh-settings.js';
import { usageError } from '../errors.js';
import { PkiStore } from '../pki/store.js';
import { requireReadableConfig } from '../ssh/effective-config.js';
import { readClusterRecord, readJumpHosts, readNodeRecords } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import type { StateDir } from '../state/state-dir.js';
import { type Cluster, openCluster } from './cluster.js';
import { type NodeConnectorOptions, nodeConnector } from './node-connector.js';
import { believedHostKeys } from './per-boot-host-keys.js';

/** What the operator remembers of a cluster. */
export interface RecordedCluster {
  state: StateDir;
  record: ClusterRecord;
}

/** The cluster a command without hosts works on. @throws usage error when there is none */
export async function recordedCluster(state: StateDir): Promise<RecordedCluster> {
  return requireRecord(await readClusterRecord(state), state);
}

/** @throws usage error when there is none */
export function requireRecord(record: ClusterRecord | undefined, state: StateDir): RecordedCluster {
  if (record) return { state, record };
  throw usageError({
    code: 'no-cluster',
    message: `no cluster is recorded in ${state.root}`,
    hint: 'k8s-diskless up --hosts s4,s5,s6 makes one; --cluster or --state-dir names another',
  });
}

/** Its keys and certificates, none of which is written anew. */
export function recordedPki({ state, record }: RecordedCluster): Promise<PkiStore> {
  return PkiStore.open({ directory: state.pki, mode: 'memory', clusterExists: true, recorded: record.pki });
}

export interface OpenRecordedOptions {
  /** Wins over what is recorded. */
  ssh?: SshSpec | undefined;
  /** Told of host keys that are believed because their machines rebooted. */
  tell: (line: string) => void;
  /** Of each apiserver's client. */
  maxSockets?: number;
  /** Silence after which a connection counts as lost. Default: as ssh_config has it. */
  keepalive?: NodeConnectorOptions['keepalive'];
  /** The one key that is offered. Default: what ssh_config and an agent give. */
  identity?: string | undefined;
  /** Ends what is done on its machines. Default: only `close` does. */
  signal?: AbortSignal;
}

export interface OpenedCluster {
  /** As recorded, and reached as was asked for now. */
  spec: ClusterSpec;
  cluster: Cluster;
}

/** It lives until it is closed; nothing is connected to yet. @throws DisklessError of a state that cannot be read */
export async function openRecordedCluster(
  recorded: RecordedCluster,
  { ssh: asked, tell, maxSockets, keepalive, identity, signal }: OpenRecordedOptions,
): Promise<OpenedCluster> {
  const { state, record } = recorded;
  const ssh = decideSsh({ flags: asked, recorded: record.spec.ssh });
  if (ssh?.configFile !== undefined) await requireReadableConfig(ssh.configFile);
  const spec = { ...record.spec, ...(ssh && { ssh }) };
  const [nodeRecords, jumpHosts] = await Promise.all([readNodeRecords(state), readJumpHosts(state)]);
  const jumps = { jumpHosts, jumpHostsFile: state.jumpHosts, onNewJumpHost: tell };
  const open = nodeConnector({ spec, nodeRecords, ...jumps, identity, ...(keepalive && { keepalive }) });
  const connect = believedHostKeys({ policy: hostKeyPolicyOf(spec.ssh), open, nodeRecords, tell });
  const identities = async () => (await recordedPki(recorded)).operatorIdentities();
  const given = { ...(maxSockets !== undefined && { maxSockets }), ...(signal && { signal }) };
  return { spec, cluster: openCluster({ spec, connect, identities, ...given }) };
}
