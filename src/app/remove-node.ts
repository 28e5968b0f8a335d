import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../cluster/cluster.js';
import { requireLatestInEtcd } from '../cluster/operator-in-etcd.js';
import { openRecordedCluster, type RecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import { rosterOf, UNITS_OF_AN_INCARNATION } from '../components/roster.js';
import { type ClusterSpec, controlPlanes, type NodeSpec, type SshSpec } from '../config/spec.js';
import { didYouMean } from '../config/suggest.js';
import { DisklessError, isFinal, refusal, toDisklessError, usageError } from '../errors.js';
import { hasCode } from '../kube/api-errors.js';
import type { KubeClient } from '../kube/client.js';
import { cordon } from '../kube/cordon.js';
import { drain } from '../kube/drain.js';
import type { KubePod } from '../kube/objects.js';
import { resourcePath } from '../kube/paths.js';
import { PATHS } from '../node/paths.js';
import { scriptText } from '../node/script-text.js';
import { majorityOf } from '../plan/etcd-facts.js';
import { bashScript } from '../ssh/bash-script.js';
import { writeClusterRecord } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import { requireInUse } from '../state/retired.js';
import { takeBackup } from './backup.js';

/* `remove`: a node leaves the cluster for good. */

export interface RemoveNodeOptions {
  recorded: RecordedCluster;
  name: string;
  /** Its machine is no more, by a person's word. */
  isGone: boolean;
  /** Wins over what is recorded. */
  ssh?: SshSpec | undefined;
  /** Told what is done, each time before it is. */
  tell: (line: string) => void;
  /** Waits, for the drain. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
}

const END_TIMEOUT_MS = 120_000;
const APISERVER = 'kube-apiserver.service';

/**
 * Its pods leave it, its member leaves etcd, it leaves the record, and then everything of ours leaves its machine, its
 * Node object last: a kubelet that still had its credentials would make that anew. Whatever cuts it off, the same command
 * goes on; from where it has left the record on, no `up` takes it in again.
 *
 * The caller holds the state's lock. What peers have of it goes with the next `up`.
 *
 * @throws usage error `unknown-node`; refusals (exit 5) `last-node`, `last-control-plane`, `quorum-in-danger`, `not-gone`,
 *   `upgrade-in-progress`; `node-unreachable`; `drain-blocked`
 */
export async function removeNode(options: RemoveNodeOptions): Promise<NodeSpec> {
  const { recorded, name, signal } = options;
  await requireInUse(recorded.state);
  const { record } = await recordedCluster(recorded.state);
  const left = record.leaving?.find((node) => node.name === name);
  const node = left ?? nodeNamed(record.spec, name);
  if (!left) requireOthers(record, node);
  // One that has left the record is still to be reached.
  const spec = left ? { ...record.spec, nodes: [...record.spec.nodes, left] } : record.spec;
  const removal = { ...options, recorded: { ...recorded, record: { ...record, spec } } };
  const { cluster } = await openRecordedCluster(removal.recorded, options);
  try {
    await checkMachine(cluster, options);
    if (!left) {
      await withdraw({ ...removal, cluster, node, spec });
      signal.throwIfAborted();
      await writeClusterRecord(recorded.state, withoutNode(record, node));
    }
    await clean({ ...removal, cluster, node, spec });
  } finally {
    await cluster.close();
  }
  await forget(recorded, name);
  return node;
}

interface Removal extends RemoveNodeOptions {
  cluster: Cluster;
  node: NodeSpec;
  /** With this node in it. */
  spec: ClusterSpec;
}

function nodeNamed({ nodes }: ClusterSpec, name: string): NodeSpec {
  const found = nodes.find((node) => node.name === name);
  if (found) return found;
  const names = nodes.map((node) => node.name);
  throw usageError({
    code: 'unknown-node',
    message: `${name} is no node of this cluster`,
    hint: didYouMean(name, names) ?? `the nodes are ${names.join(', ')}`,
  });
}

function requireOthers({ spec, upgrade }: ClusterRecord, { name, role }: NodeSpec): void {
  if (spec.nodes.length === 1)
    throw refusal({
      code: 'last-node',
      message: `${name} is the only node of the cluster ${spec.name}`,
      hint: 'reboot its machine to be rid of the cluster; what is recorded of it lies in the state directory',
    });
  if (role === 'worker') return;
  if (controlPlanes(spec).length === 1)
    throw refusal({
      code: 'last-control-plane',
      message: `${name} is the only control plane: all objects of the cluster would go with it`,
      hint: 'bring up another one beside it first: --control-plane with a host that is new to the cluster',
    });
  if (upgrade)
    throw refusal({
      code: 'upgrade-in-progress',
      message: `an upgrade from Kubernetes ${upgrade.from.kubernetes} to ${upgrade.to.kubernetes} is not finished, and goes through all control planes`,
      hint: 'k8s-diskless upgrade first',
    });
}

/** Silence of its machine needs a person's word, and that word needs its silence. */
async function checkMachine(cluster: Cluster, { name, isGone }: RemoveNodeOptions): Promise<void> {
  const failure = await cluster
    .session(name)
    .connection()
    .then(
      () => undefined,
      (error: unknown) => toDisklessError(error),
    );
  if (failure === undefined && isGone)
    throw refusal({
      code: 'not-gone',
      message: `${name} answers, though --gone says that its machine is no more`,
      hint: 'leave --gone away: everything of ours is taken off it then',
    });
  if (failure === undefined || (isGone && !isFinal(failure))) return;
  if (isGone) throw failure;
  throw new DisklessError({
    code: 'node-unreachable',
    host: name,
    message: `its machine cannot be reached: ${failure.message}`,
    hint: `bring it back, or say that it is no more: k8s-diskless remove ${name} --gone`,
    cause: failure,
  });
}

/** Out of use, while everything still knows it. */
async function withdraw(removal: Removal): Promise<void> {
  const { cluster, node, isGone, tell, signal, sleep, spec, recorded } = removal;
  const asked = controlPlanes(spec).map(({ name }) => name);
  await requireLatestInEtcd(recorded.record.operator, await cluster.quorumThrough(asked, signal), signal);
  const client = await cluster.kube();
  if (!isGone) {
    tell(`${node.name}: drain it`);
    await orAbsent(cordon(client, node.name, signal));
    const forMs = spec.readyTimeout;
    const left = await drain({ client, node: node.name, forMs, sleep, onWait: () => {}, signal });
    if (left.length > 0) tell(`${node.name}: these end with it, and nothing makes them anew: ${left.join(', ')}`);
  }
  if (node.role === 'control-plane') await withdrawMember(removal);
}

/** By etcd's own voters: what is left has to be a quorum by itself. */
async function withdrawMember(removal: Removal): Promise<void> {
  const { cluster, node, spec, recorded, isGone, tell, signal } = removal;
  const others = controlPlanes(spec).filter(({ name }) => name !== node.name);
  const answers = await Promise.all(
    others.map(async ({ name }) => {
      const etcd = await cluster.etcdOf(name);
      return etcd.linearizableRead({ signal }).then(
        () => [etcd],
        () => [],
      );
    }),
  );
  signal.throwIfAborted();
  const [etcd] = answers.flat();
  const members = etcd === undefined ? [] : await etcd.memberList({ signal });
  const own = members.find((member) => member.name === node.name);
  const voters = members.filter((member) => !member.isLearner && member !== own).length;
  if (etcd === undefined || answers.flat().length < majorityOf(voters))
    throw refusal({
      code: 'quorum-in-danger',
      message: `without ${node.name} the members of etcd would be no quorum: ${answers.flat().length} of the ${others.length} others answer`,
      hint: 'bring them back first, with k8s-diskless up',
    });
  const now = () => new Date();
  const taken = await takeBackup({ ...removal, recorded: { ...recorded }, reason: 'remove', now });
  tell(`snapshot ${taken.snapshot.id} was taken`);
  if (!isGone) {
    tell(`${node.name}: stop ${APISERVER}`);
    await cluster.session(node.name).runAsRoot(
      { command: `systemctl stop ${APISERVER}` },
      {
        label: `stop ${APISERVER}`,
        timeoutMs: END_TIMEOUT_MS,
        signal,
      },
    );
  }
  if (own === undefined) return;
  tell(`${node.name}: remove etcd member ${own.id}`);
  await etcd.memberRemove(own.id, { signal });
}

/** Its machine, then its Node object. */
async function clean(removal: Removal): Promise<void> {
  const { cluster, node, isGone, tell, signal } = removal;
  if (!isGone) {
    tell(`${node.name}: end what runs there, and take off what is ours`);
    await takeOff(removal);
  }
  tell(`${node.name}: delete its Node object`);
  const others = controlPlanes(removal.spec).filter(({ name }) => name !== node.name);
  const client = await firstThatWorks(others.map(({ name }) => cluster.kubeOf(name)));
  const path = resourcePath({ apiVersion: 'v1', resource: 'nodes', name: node.name });
  await orAbsent(client.delete(path, { signal }));
  if (isGone) await endPods(client, node.name, signal);
}

/** No kubelet will ever say that they have ended. */
async function endPods(client: KubeClient, node: string, signal: AbortSignal): Promise<void> {
  const all = resourcePath({ apiVersion: 'v1', resource: 'pods' });
  const { items } = await client.list<KubePod>(all, { query: { fieldSelector: `spec.nodeName=${node}` }, signal });
  await Promise.all(
    items.map(({ metadata: { name, namespace } }) => {
      const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace, name });
      return orAbsent(client.delete(path, { query: { gracePeriodSeconds: 0 }, signal }));
    }),
  );
}

async function firstThatWorks<T extends { raw(path: string): Promise<{ status: number }> }>(
  clients: readonly Promise<T>[],
): Promise<T> {
  return Promise.any(
    clients.map(async (opening) => {
      const client = await opening;
      await client.raw('/readyz');
      return client;
    }),
  );
}

async function takeOff({ cluster, node, recorded, signal }: Removal): Promise<void> {
  const { clusterId, etcd } = recorded.record;
  const session = cluster.session(node.name);
  const run = (script: string, label: string, ...args: string[]) =>
    session.runAsRoot(bashScript(scriptText(script), ...args), { label, timeoutMs: END_TIMEOUT_MS, signal });
  const marker = `[ -e ${PATHS.marker}/cluster ]`;
  const isOurs = await session.runAsRoot(
    { command: marker },
    { label: 'look for what is ours', accept: [0, 1], signal },
  );
  if (isOurs.exitCode !== 0) return;
  await run(
    'retire-past.bash',
    'end its pods',
    PATHS.marker,
    clusterId,
    String(etcd.incarnation),
    'end',
    ...UNITS_OF_AN_INCARNATION,
  );
  const units = rosterOf(node.role).map(({ unit }) => unit);
  const own = units.filter((unit) => unit !== 'containerd.service').toReversed();
  const { stdout } = await run('leave-cluster.bash', 'take off what is ours', PATHS.marker, clusterId, ...own);
  const [, owner] = /^owned (\S+)/.exec(stdout) ?? [];
  if (owner === undefined) return;
  throw refusal({
    code: 'node-of-another-cluster',
    host: node.name,
    message: `it belongs to another cluster by now (${owner}), and was left as it is`,
    hint: `k8s-diskless remove ${node.name} --gone, once it does not answer under this name`,
  });
}

async function orAbsent(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!hasCode(error, 'kube-not-found')) throw error;
  });
}

function withoutNode(record: ClusterRecord, node: NodeSpec): ClusterRecord {
  const nodes = record.spec.nodes.filter(({ name }) => name !== node.name);
  return { ...record, spec: { ...record.spec, nodes }, leaving: [...(record.leaving ?? []), node] };
}

async function forget({ state }: RecordedCluster, name: string): Promise<void> {
  await rm(join(state.nodes, `${name}.json`), { force: true });
  const { record } = await recordedCluster(state);
  const { leaving = [], ...rest } = record;
  const others = leaving.filter((node) => node.name !== name);
  await writeClusterRecord(state, { ...rest, ...(others.length > 0 && { leaving: others }) });
}
