import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { ClusterSpec } from '../config/spec.js';
import { refusal } from '../errors.js';
import { hasCode } from '../kube/api-errors.js';
import type { KubeClient } from '../kube/client.js';
import type { KubeObject } from '../kube/objects.js';
import { resourcePath } from '../kube/paths.js';
import { namespaceOf, objectsInside, USER_LABEL } from './user-objects.js';
import { hardLimits } from './user-quota.js';
import type { UserRecord, UsersRecord } from './user-records.js';

/** Requests under way at once: as many as an apiserver has room for beside its own. */
const AT_ONCE = 24;

const NAMESPACES = resourcePath({ apiVersion: 'v1', resource: 'namespaces' });

export interface ApplyUsers {
  client: KubeClient;
  cluster: string;
  users: readonly UserRecord[];
  policies: boolean;
  /** Called once nothing stands in the way. */
  beforeChange?: () => Promise<void>;
  signal: AbortSignal;
}

/**
 * Brings the cluster to what is recorded of people: all living ones have what is theirs, and removed ones, whom a restore
 * may have brought back, have nothing.
 *
 * @throws refusal `namespace-not-ours` before anything is changed
 */
export async function applyUsers(options: ApplyUsers): Promise<void> {
  const { client, cluster, users, policies, signal } = options;
  const { items } = await client.list<KubeObject>(NAMESPACES, { signal });
  refuseForeign(users, items);
  await options.beforeChange?.();
  const limit = pLimit(AT_ONCE);
  const put = (path: string, body: KubeObject) => client.patch(path, { type: 'apply', body, force: true, signal });
  const applyOne = async (user: UserRecord): Promise<void> => {
    const namespace = namespaceOf(user);
    await put(pathOf(user.namespace), namespace);
    for (const { resource, object } of objectsInside({ cluster, user, policies })) {
      const { apiVersion, metadata } = object;
      await put(resourcePath({ apiVersion, resource, ...metadata }), object);
    }
  };
  const removed = users.filter((user) => user.removed && items.some((found) => isOf(user, found)));
  await Promise.all([
    ...removed.map((user) => limit(() => takeAway({ client, user, signal }))),
    ...users.filter((user) => !user.removed).map((user) => limit(() => applyOne(user))),
  ]);
}

/** Rights first, then the namespace with all that runs there; does not wait for its end. Nothing to do when it is gone. */
export async function takeAway({
  client,
  user: { namespace },
  signal,
}: Pick<ApplyUsers, 'client' | 'signal'> & { user: UserRecord }): Promise<void> {
  const bindings = resourcePath({ apiVersion: 'rbac.authorization.k8s.io/v1', resource: 'rolebindings', namespace });
  await orGone(client.delete(bindings, { signal }));
  await orGone(client.delete(pathOf(namespace), { signal }));
}

export async function ownNamespace(
  client: KubeClient,
  user: UserRecord,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const found = await orGone(client.get<KubeObject>(pathOf(user.namespace), { signal }));
  return found && isOf(user, found) ? found : undefined;
}

/** What the cluster should hold, in a few bytes. */
export function hashOfUsers({ users }: Pick<UsersRecord, 'users'>, policies: boolean): string {
  // By value: one that was read has its keys in another order than one that was made.
  const told = users.map(({ name, group, namespace, podSecurity, quota, generation, removed }) => {
    return [name, group, namespace, podSecurity, hardLimits(quota), generation, removed];
  });
  return createHash('sha256')
    .update(JSON.stringify([told, policies]))
    .digest('hex');
}

function refuseForeign(users: readonly UserRecord[], namespaces: readonly KubeObject[]): void {
  const foreign = users.filter(
    (user) => !user.removed && namespaces.some((found) => found.metadata.name === user.namespace && !isOf(user, found)),
  );
  if (foreign.length === 0) return;
  const names = foreign.map(({ namespace }) => namespace).join(', ');
  throw refusal({
    code: 'namespace-not-ours',
    message: `not a namespace that was made for its user: ${names}`,
    hint: 'give the user another namespace, or delete that one; nothing was changed',
  });
}

function isOf({ name, namespace }: UserRecord, { metadata }: KubeObject): boolean {
  return metadata.name === namespace && metadata.labels?.[USER_LABEL] === name;
}

function pathOf(name: string): string {
  return resourcePath({ apiVersion: 'v1', resource: 'namespaces', name });
}

/** Also a namespace that is being deleted already. */
async function orGone<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (hasCode(error, 'kube-not-found') || hasCode(error, 'kube-conflict')) return undefined;
    throw error;
  });
}

/** Whether the network is one that may hold to NetworkPolicies. Ours does not. */
export function enforcesPolicies({ network }: Pick<ClusterSpec, 'network'>): boolean {
  return network.mode === 'manifest';
}
