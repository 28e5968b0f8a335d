import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../cluster/cluster.js';
import { openRecordedCluster, type RecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import { nodeNamed } from '../config/node-named.js';
import { allocatePodCidrs } from '../config/pod-cidrs.js';
import { type ClusterSpec, controlPlanes, type NodeSpec, type Role } from '../config/spec.js';
import { DisklessError, isFinal, refusal, toDisklessError } from '../errors.js';
import { writeClusterRecord } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import { requireInUse } from '../state/retired.js';
import type { RemoveNodeOptions } from './removal.js';
import { takeOff } from './take-off-node.js';
import { withdraw } from './withdraw-node.js';

/* `remove`: a node leaves the cluster for good. */

/**
 * Its pods leave it, its member leaves etcd, it leaves the record, and then everything of ours leaves its machine, its
 * Node object last: a kubelet that still had its credentials would make that anew. Whatever cuts it off, the same command
 * goes on; from where it has left the record on, no `up` takes it in again.
 *
 * The caller holds the state's lock. What peers have of it goes with the next `up`.
 *
 * @throws usage error `no-such-node`; refusals (exit 5) `last-node`, `last-control-plane`, `quorum-in-danger`, `not-gone`,
 *   `upgrade-in-progress`; `node-unreachable`; `drain-blocked`
 */
export async function removeNode(options: RemoveNodeOptions): Promise<NodeSpec> {
  const { recorded, name, signal } = options;
  await requireInUse(recorded.state);
  const { record } = await recordedCluster(recorded.state);
  const left = record.leaving?.find((node) => node.name === name);
  const node = left ?? nodeNamed(record.spec.nodes, name);
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
    await takeOff({ ...removal, cluster, node, spec });
  } finally {
    await cluster.close();
  }
  await forget(recorded, node, options.becomes);
  return node;
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

function withoutNode(record: ClusterRecord, node: NodeSpec): ClusterRecord {
  const nodes = record.spec.nodes.filter(({ name }) => name !== node.name);
  return { ...record, spec: { ...record.spec, nodes }, leaving: [...(record.leaving ?? []), node] };
}

/** In one write: whatever cuts it off, it leaves, or is what it was to become. */
async function forget({ state }: RecordedCluster, node: NodeSpec, becomes: Role | undefined): Promise<void> {
  await rm(join(state.nodes, `${node.name}.json`), { force: true });
  const { record } = await recordedCluster(state);
  const { leaving = [], ...rest } = record;
  const others = leaving.filter(({ name }) => name !== node.name);
  const spec = becomes === undefined ? rest.spec : withNode(rest.spec, { ...node, role: becomes });
  await writeClusterRecord(state, { ...rest, spec, ...(others.length > 0 && { leaving: others }) });
}

/** Another node may have got its pod CIDR meanwhile. */
function withNode(spec: ClusterSpec, { podCidr, ...node }: NodeSpec): ClusterSpec {
  const isFree = spec.nodes.every((other) => other.podCidr !== podCidr);
  return { ...spec, nodes: allocatePodCidrs([...spec.nodes, { ...node, ...(isFree && { podCidr }) }], spec.network) };
}
