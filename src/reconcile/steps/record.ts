import { DisklessError } from '../../errors.js';
import { OWN_PORTS } from '../../node/ports.js';
import type { QuorumOrder } from '../../plan/etcd-order-types.js';
import { etcdMount, isOnDisk } from '../../plan/preflight-room.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import type { ClusterRecord, NodeRecord } from '../../state/records.js';
import type { Judged, JudgedRun, Run } from '../context.js';
import { fetchEvidence, whereLogs } from '../evidence.js';
import { finishRestore } from '../finish-restore.js';
import type { NodeWork } from '../judgement.js';
import { prepareRestore } from '../prepare-restore.js';
import { refuseSupersededByQuorum } from '../refuse-superseded.js';
import { retrying, settling, shortly } from '../settling.js';
import { openAll } from './open-etcd-data.js';

/** Writes down what is about to happen before it does, so that the next run can continue from any point. */
export async function recordIntent(context: JudgedRun): Promise<Outcome> {
  const { record, work, kubeconfig } = context.judgement;
  const { state } = context.options;
  await prepareRestore(context);
  await save(context, record);
  context.memory.newCluster = false;
  delete context.memory.beginning;
  delete context.memory.recoverFrom;
  await state.saveKubeconfig(kubeconfig);
  const nodes = [...work.values()].map((planned) => nodeRecord(context, planned));
  await state.saveNodes(nodes);
  await state.saveJumpHosts();
  for (const node of nodes) context.memory.nodeRecords.set(node.name, node);
  return 'unchanged';
}

async function save({ options, memory }: Run, record: ClusterRecord): Promise<void> {
  await options.state.saveCluster(record);
  memory.record = record;
}

/** As its facts were read: nobody is asked again, since a node that is lost by now must not hold up the others. */
function nodeRecord(context: Run, { node: { name, role }, facts, nodeIp }: NodeWork): NodeRecord {
  const { bootId, arch, machine, mounts } = facts;
  const { hostKey } = context.cluster.session(name);
  const mount = role === 'control-plane' ? etcdMount(mounts) : undefined;
  return { name, bootId, hostKey, nodeIp, arch, machine, ...(mount && isOnDisk(mount) && { etcdOnDisk: true }) };
}

/** Only a linearizable read proves a quorum; no apiserver starts before it is recorded, here and beside the data. */
export async function proveQuorum(context: Judged, place: StepPlace): Promise<Outcome> {
  const { signal } = place;
  const { orders, record } = context.judgement;
  const { state, through } = orders.quorum;
  if (state === 'awaited') {
    await waitForQuorum(context, orders.quorum);
    await refuseSupersededByQuorum(context, record, () => context.cluster.quorumThrough(through, signal));
  } else {
    const proof = settling(context, () => context.cluster.quorumThrough(through, signal));
    await (state === 'made' ? proof.catch(sayingHowToBeginAgain(through)) : proof);
  }
  // Where members join, they have it done before.
  const clears = orders.code === 'healthy' && orders.cluster.length > 0;
  if (clears) await context.rejoin.clear();
  if (record.etcd.phase === 'bootstrapped') {
    context.claims.quorumRecorded();
    return clears ? 'changed' : 'unchanged';
  }
  const finished = await finishRestore(context, signal, { record, through, save: (reached) => save(context, reached) });
  await save(context, { ...finished, etcd: { ...finished.etcd, phase: 'bootstrapped' } });
  await openAll(context, place, context.claims.quorumRecorded());
  return 'changed';
}

/** Nothing was ever written to it, and another boot is what tells that it does not go on. */
function sayingHowToBeginAgain(members: readonly string[]): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof DisklessError) || error.code !== 'etcd-no-answer') throw error;
    const { code, message, detail, cause } = error;
    const hint = `see journalctl -u etcd there; run up again, or reboot ${members.join(', ')} to begin again`;
    throw new DisklessError({ code, message, hint, cause, ...(detail !== undefined && { detail }) });
  };
}

/** Members that were started, or restarted with new certificates, find each other; or they do not. */
async function waitForQuorum(context: Run, { through: holders, moved }: QuorumOrder): Promise<void> {
  const read = () => context.cluster.quorumThrough(holders, context.signal);
  const passes = (): boolean => true;
  const patience = shortly(context);
  await retrying(context, patience, passes, read).catch(async (cause) => {
    const logs = await Promise.all(holders.map((node) => fetchEvidence(context, node, 'etcd.service')));
    const back = moved ? `give them the addresses back that the others know: ${moved.join(', ')}; ` : '';
    throw new DisklessError({
      code: 'etcd-no-quorum',
      message: `${holders.join(', ')} have the cluster's data, but formed no quorum within ${patience.forMs / 1000} s`,
      hint: `${back}${whereLogs(logs)}; once they can reach each other on port ${OWN_PORTS.etcdPeer.port}, run up again; if the data of ${holders.join(', ')} may go, reboot ${holders.join(', ')}`,
      detail: logs[0]?.tail ?? '',
      cause,
    });
  });
}
