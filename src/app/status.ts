import { copiesStatus } from '../backup/copies-record.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { listSnapshots, snapshotStore, strayStore } from '../backup/snapshot-store.js';
import type { Cluster } from '../cluster/cluster.js';
import type { ClusterStatus, MemberStatus, NodeStatus, SnapshotStatus, Survey } from '../cluster/cluster-status.js';
import { type OpenedCluster, openRecordedCluster, type RecordedCluster } from '../cluster/recorded-cluster.js';
import { rosterOf } from '../components/roster.js';
import { type ClusterSpec, controlPlanes, type NodeSpec, type SshSpec } from '../config/spec.js';
import { toDisklessError } from '../errors.js';
import type { EtcdMember } from '../etcd/gateway.js';
import type { NodeFacts } from '../facts/facts.js';
import { gatherFacts } from '../facts/gather.js';
import { whyNoPodsYet, whyNotReady } from '../kube/nodes-ready.js';
import type { KubeNode } from '../kube/objects.js';
import { resourcePath } from '../kube/paths.js';
import { readAuthorityEnds } from '../pki/authority-ends.js';
import { readNodeRecords } from '../state/record-files.js';
import { logOfDaemon } from './ask-daemon.js';

export interface StatusOptions {
  recorded: RecordedCluster;
  /** Wins over what is recorded. */
  ssh?: SshSpec;
  tell: (line: string) => void;
  signal: AbortSignal;
}

/** One that is well answers at once. */
const ANSWER_MS = 5_000;

export interface SurveyOptions extends OpenedCluster {
  recorded: RecordedCluster;
  signal: AbortSignal;
}

/** `status`: how the recorded cluster is. Changes nothing anywhere. */
export async function clusterStatus({ recorded, ssh, tell, signal }: StatusOptions): Promise<ClusterStatus> {
  const opened = await openRecordedCluster(recorded, { ssh, tell, signal });
  try {
    return (await surveyCluster({ ...opened, recorded, signal })).status;
  } finally {
    await opened.cluster.close();
  }
}

/** All its machines, its etcd and its API, asked at the same time. */
export async function surveyCluster({ recorded, spec, cluster, signal }: SurveyOptions): Promise<Survey> {
  const { record, state } = recorded;
  const [facts, nodeRecords, api, etcd, kept, apart, copies, log, authorities] = await Promise.all([
    Promise.all(spec.nodes.map((node) => lookAt(cluster, node, signal))),
    readNodeRecords(state),
    listNodes(cluster, signal),
    etcdStatus(cluster, spec, signal),
    listSnapshots(snapshotStore(state)),
    listSnapshots(strayStore(state)),
    copiesStatus(state, record.spec.backup.copyTo),
    logOfDaemon(state, signal),
    readAuthorityEnds(state.pki),
  ]);
  signal.throwIfAborted();
  const objects = Array.isArray(api) ? api : [];
  const nodes = spec.nodes.map((node, index): NodeStatus => {
    const found = facts[index];
    const object = objects.find(({ metadata }) => metadata.name === node.name);
    const bootId = nodeRecords.get(node.name)?.bootId;
    return nodeStatus({ node, found, bootId, object, apiAnswers: Array.isArray(api) });
  });
  const { name, kubernetes, etcd: version } = spec;
  const { upgrade } = record;
  const versions = {
    cluster: name,
    kubernetes,
    etcd: version,
    incarnation: record.etcd.incarnation,
    ...(upgrade && { upgrade }),
  };
  const silent = Array.isArray(api) ? {} : { apiSilent: api.message };
  const read = spec.nodes.flatMap(({ name: node }, index): [string, NodeFacts][] => {
    const found = facts[index];
    return found === undefined || found instanceof Error ? [] : [[node, found]];
  });
  const [newest] = kept.snapshots;
  const strays = apart.snapshots.map(snapshotStatus);
  const snapshot = newest && snapshotStatus(newest);
  const status = { ...versions, ...silent, ...etcd, nodes, snapshot, copies, strays, ...(log && { log }), authorities };
  return { status, facts: new Map(read), objects };
}

const snapshotStatus = ({ id, objects, takenAt }: SnapshotInfo): SnapshotStatus => ({
  id,
  objects,
  takenAt: new Date(takenAt),
});

async function lookAt(cluster: Cluster, node: NodeSpec, signal: AbortSignal): Promise<NodeFacts | Error> {
  const units = rosterOf(node.role).map(({ unit }) => unit);
  try {
    const connection = await cluster.session(node.name).connection();
    return await gatherFacts({ connection, units, now: Date.now, signal });
  } catch (error) {
    return toDisklessError(error);
  }
}

async function listNodes(cluster: Cluster, signal: AbortSignal): Promise<KubeNode[] | Error> {
  try {
    const path = resourcePath({ apiVersion: 'v1', resource: 'nodes' });
    const client = await cluster.kube();
    return (await client.list<KubeNode>(path, { signal, timeoutMs: ANSWER_MS })).items;
  } catch (error) {
    return toDisklessError(error);
  }
}

async function etcdStatus(
  cluster: Cluster,
  spec: ClusterSpec,
  signal: AbortSignal,
): Promise<Pick<ClusterStatus, 'members' | 'noQuorum'>> {
  const names = controlPlanes(spec).map(({ name }) => name);
  const listed = await cluster
    .quorumThrough(names, signal)
    .then((gateway) => gateway.memberList({ signal }), toDisklessError);
  const members = Array.isArray(listed) ? listed : names.map((name) => ({ name, isLearner: false }));
  const known = await Promise.all(members.map((member) => memberStatus(cluster, names, member, signal)));
  return { members: known, ...(Array.isArray(listed) ? {} : { noQuorum: listed.message }) };
}

async function memberStatus(
  cluster: Cluster,
  names: readonly string[],
  { name, isLearner }: Pick<EtcdMember, 'name' | 'isLearner'>,
  signal: AbortSignal,
): Promise<MemberStatus> {
  const base = { name, isLearner, isLeader: false, errors: [] };
  if (!names.includes(name)) return { ...base, silent: 'it is none of the recorded control planes' };
  try {
    const gateway = await cluster.etcdOf(name);
    const { header, leader, version, dbSizeBytes, errors } = await gateway.status({ signal, timeoutMs: ANSWER_MS });
    return { ...base, isLeader: leader === header.memberId, version, databaseBytes: dbSizeBytes, errors };
  } catch (error) {
    return { ...base, silent: toDisklessError(error).message };
  }
}

interface Found {
  node: NodeSpec;
  found: NodeFacts | Error | undefined;
  /** As the last `up` recorded it. */
  bootId: string | undefined;
  object: KubeNode | undefined;
  apiAnswers: boolean;
}

function nodeStatus({ node, found, bootId, object, apiAnswers }: Found): NodeStatus {
  const kubelet = object?.status?.nodeInfo?.kubeletVersion;
  const base = { name: node.name, role: node.role, down: [], kernel: [], putBack: 0, ...(kubelet && { kubelet }) };
  if (found === undefined || found instanceof Error) return { ...base, unreached: found?.message ?? 'nobody asked it' };
  if (found.bootId !== bootId) return { ...base, rebooted: true };
  const isDown = (unit: string): boolean => found.units[unit]?.active !== 'active';
  const notReady = apiAnswers ? whyNot(object, found.bootId) : undefined;
  return {
    ...base,
    down: rosterOf(node.role).flatMap(({ id, unit }) => (isDown(unit) ? [id] : [])),
    kernel: found.kernelDifferences,
    putBack: found.kernelRepairs?.count ?? 0,
    ...(notReady !== undefined && { notReady }),
  };
}

function whyNot(object: KubeNode | undefined, bootId: string): string | undefined {
  if (object === undefined) return 'it has no Node object';
  return whyNotReady(object, bootId) ?? whyNoPodsYet(object);
}
