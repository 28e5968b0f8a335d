import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.js';
import { openRecordedCluster, type RecordedCluster, recordedPki } from '../cluster/recorded-cluster.js';
import { type ClusterSpec, controlPlanes, type SshSpec } from '../config/spec.js';
import { DisklessError } from '../errors.js';
import type { Condition, KubeObject } from '../kube/objects.js';
import { embeddedKubeconfig } from '../pki/kubeconfig.js';
import { loadProfiles } from '../pki/profiles.js';
import { openUsersAuthority } from '../pki/rotate-users-authority.js';
import { readNodeRecords } from '../state/record-files.js';
import { applyUsers, enforcesPolicies, hashOfUsers, ownNamespace, takeAway } from '../users/apply-users.js';
import { issueForUser } from '../users/issue.js';
import { mergeUsers } from '../users/merge-users.js';
import type { WantedUser } from '../users/read-users-file.js';
import { livingUser, readUsers, type UserRecord, writeUsers } from '../users/user-records.js';

/* `users`: people of a cluster. Each is called under the lock of the state, which the caller holds. */

export interface UsersOptions {
  recorded: RecordedCluster;
  ssh?: SshSpec;
  tell: (line: string) => void;
  signal: AbortSignal;
}

/** Of each apiserver's client: that of a class is applied at once. */
const SOCKETS = 16;
const LOOK_MS = 500;
/** Pods are given 30 s to end, and their kubelets a moment. */
const REMOVAL_MS = 90_000;

/** Records them once the cluster was found to have room for them, then applies all that is recorded. */
export async function applyPeople(options: UsersOptions, wanted: readonly WantedUser[]): Promise<UserRecord[]> {
  const { recorded, signal, tell } = options;
  const { state, record } = recorded;
  const known = await readUsers(state);
  const users = mergeUsers(known.users, wanted);
  await openUsersAuthority(state.pki);
  return onCluster(options, async (cluster, spec) => {
    const policies = enforcesPolicies(spec);
    const client = await cluster.kube();
    const apply = { client, cluster: spec.name, users, policies, signal };
    // From here on `up` goes on with what is not through.
    const beforeChange = () => writeUsers(state, { version: 1, users });
    await applyUsers({ ...apply, beforeChange });
    const applied = { incarnation: record.etcd.incarnation, hash: hashOfUsers({ users }, policies) };
    await writeUsers(state, { version: 1, users, applied });
    if (!policies) tell('no NetworkPolicy was made: the cluster’s own network does not hold to them');
    if (!spec.taintControlPlane) {
      tell('warning: control planes take ordinary pods, those of users too; taintControlPlane keeps them away');
    }
    return users.filter(({ removed }) => !removed);
  });
}

/**
 * Recorded first: whatever is interrupted, a restored cluster included, gives the name nothing any more.
 *
 * @throws DisklessError `namespace-stuck` naming what holds it; running it again goes on
 */
export async function removePerson(options: UsersOptions, name: string): Promise<void> {
  const { recorded, signal } = options;
  const { state } = recorded;
  const known = await readUsers(state);
  const user = known.users.find((candidate) => candidate.name === name) ?? livingUser(known, name);
  const users = known.users.map((other) => (other === user ? { ...user, removed: true, issued: [] } : other));
  await writeUsers(state, { version: 1, users });
  await onCluster(options, async (cluster, spec) => {
    const client = await cluster.kube();
    if (await ownNamespace(client, user, signal)) await takeAway({ client, user, signal });
    const deadline = performance.now() + REMOVAL_MS;
    for (;;) {
      const namespace = await ownNamespace(client, user, signal);
      if (namespace === undefined) break;
      if (performance.now() > deadline) throw stuck(namespace);
      await sleep(LOOK_MS, undefined, { signal });
    }
    const hash = hashOfUsers({ users }, enforcesPolicies(spec));
    await writeUsers(state, { version: 1, users, applied: { incarnation: recorded.record.etcd.incarnation, hash } });
  });
}

function stuck(namespace: KubeObject & { status?: { conditions?: Condition[] } }): DisklessError {
  const why = (namespace.status?.conditions ?? []).filter(({ status }) => status === 'True');
  return new DisklessError({
    code: 'namespace-stuck',
    message: `access has ended, but the namespace ${namespace.metadata.name} is not gone yet`,
    detail: why.map(({ type, message }) => `${type}: ${message ?? ''}`).join('\n'),
    hint: 'put right or delete the APIService that is named (kubectl get apiservices), then run it again',
  });
}

/** A new key and certificate in a kubeconfig; the key is nowhere else. */
export async function issueKubeconfig(recorded: RecordedCluster, name: string, lifetimeDays: number): Promise<string> {
  const { state, record } = recorded;
  const known = await readUsers(state);
  const user = livingUser(known, name);
  const [authority, profiles, pki, nodes] = await Promise.all([
    openUsersAuthority(state.pki),
    loadProfiles(),
    recordedPki(recorded),
    readNodeRecords(state),
  ]);
  const { spec } = record;
  const { group, generation, namespace } = user;
  const subject = { cluster: spec.name, user: name, group, namespace, generation };
  const { validity } = profiles;
  const { leaf, serial, notAfter } = await issueForUser({ authority, subject, lifetimeDays, validity });
  const issued = [...user.issued, { serial, notAfter: notAfter.toISOString() }];
  const users = known.users.map((other) => (other === user ? { ...user, issued } : other));
  await writeUsers(state, { ...known, users });
  const servers = controlPlanes(spec).flatMap((node) => {
    const nodeIp = nodes.get(node.name)?.nodeIp;
    return nodeIp === undefined ? [] : [{ name: node.name, nodeIp }];
  });
  const { ca } = (await pki.operatorIdentities()).kubernetes;
  const tls = { ca, cert: leaf.certificate, key: leaf.privateKey };
  return embeddedKubeconfig({ spec, servers, user: `${spec.name}-${name}`, tls, namespace });
}

/** With the cluster's machines, as long as the work takes. */
export async function onCluster<T>(
  { recorded, ssh, tell, signal }: UsersOptions,
  work: (cluster: Cluster, spec: ClusterSpec) => Promise<T>,
): Promise<T> {
  const { cluster, spec } = await openRecordedCluster(recorded, { ssh, tell, signal, maxSockets: SOCKETS });
  try {
    return await work(cluster, spec);
  } finally {
    await cluster.close();
  }
}
