import { requireLatestInEtcd } from '../cluster/operator-in-etcd.js';
import { controlPlanes } from '../config/spec.js';
import { refusal } from '../errors.js';
import type { EtcdGateway } from '../etcd/gateway.js';
import { cordon, uncordon } from '../kube/cordon.js';
import { drain } from '../kube/drain.js';
import { majorityOf } from '../plan/etcd-facts.js';
import { takeBackup } from './backup.js';
import { END_TIMEOUT_MS, orAbsent, type Removal } from './removal.js';

const APISERVER = 'kube-apiserver.service';

/** Takes a node out of use, while everything still knows it. @throws `drain-blocked`; refusal `quorum-in-danger` */
export async function withdraw(removal: Removal): Promise<void> {
  const { cluster, node, isGone, tell, signal, spec, recorded } = removal;
  const asked = controlPlanes(spec).map(({ name }) => name);
  await requireLatestInEtcd(recorded.record.operator, await cluster.quorumThrough(asked, signal), signal);
  const isMember = node.role === 'control-plane';
  if (isMember) await quorumWithout(removal);
  if (!isGone) await emptied(removal);
  if (!isMember) return;
  const taken = await takeBackup({ ...removal, reason: 'remove', now: () => new Date() });
  tell(`snapshot ${taken.snapshot.id} was taken`);
  if (!isGone) {
    tell(`${node.name}: stop ${APISERVER}`);
    const options = { label: `stop ${APISERVER}`, timeoutMs: END_TIMEOUT_MS, signal };
    await cluster.session(node.name).runAsRoot({ command: `systemctl stop ${APISERVER}` }, options);
  }
  // The drain may have taken minutes.
  const { etcd, id } = await quorumWithout(removal);
  if (id === undefined) return;
  tell(`${node.name}: remove etcd member ${id}`);
  await etcd.memberRemove(id, { signal });
}

/** Of its pods; one that cannot be is in use again. */
async function emptied({ cluster, node, spec, sleep, tell, signal }: Removal): Promise<void> {
  const { name } = node;
  const client = await cluster.kube();
  tell(`${name}: drain it`);
  await orAbsent(cordon(client, name, signal));
  try {
    const left = await drain({ client, node: name, forMs: spec.readyTimeout, sleep, onWait: () => {}, signal });
    if (left.length > 0) tell(`${name}: these end with it, and nothing makes them anew: ${left.join(', ')}`);
  } catch (error) {
    if (!signal.aborted) await orAbsent(uncordon(client, name, signal));
    throw error;
  }
}

/** By etcd's own voters: what is left has to be a quorum by itself. @returns another member, and its own ID */
async function quorumWithout(removal: Removal): Promise<{ etcd: EtcdGateway; id: string | undefined }> {
  const { cluster, node, spec, signal } = removal;
  const others = controlPlanes(spec).filter(({ name }) => name !== node.name);
  const asked = others.map(async ({ name }) => {
    const etcd = await cluster.etcdOf(name);
    await etcd.linearizableRead({ signal });
    return etcd;
  });
  const answers = (await Promise.allSettled(asked)).flatMap((each) =>
    each.status === 'fulfilled' ? [each.value] : [],
  );
  signal.throwIfAborted();
  const [etcd] = answers;
  const members = (await etcd?.memberList({ signal })) ?? [];
  const own = members.find((member) => member.name === node.name);
  const voters = members.filter((member) => !member.isLearner && member !== own).length;
  if (etcd !== undefined && answers.length >= majorityOf(voters)) return { etcd, id: own?.id };
  throw refusal({
    code: 'quorum-in-danger',
    message: `without ${node.name} the members of etcd would be no quorum: ${answers.length} of the ${others.length} others answer`,
    hint: 'bring them back first, with k8s-diskless up',
  });
}
