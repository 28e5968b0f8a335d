import type { KubeObject } from '../kube/objects.js';
import { generationGroup } from './user-names.js';
import { hardLimits } from './user-quota.js';
import type { UserRecord } from './user-records.js';

/** On everything that a user has of us; on a namespace it says that it is ours, and whose. */
export const USER_LABEL = 'k8s-diskless/user';

/** Of the objects in the namespace. */
const NAME = 'k8s-diskless-user';

export interface UserObjects {
  cluster: string;
  user: UserRecord;
  /** Whether the cluster's network holds to NetworkPolicies. */
  policies: boolean;
}

export function namespaceOf({ name, namespace, podSecurity }: UserRecord): KubeObject {
  const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, podSecurity]);
  const labels = { [USER_LABEL]: name, ...Object.fromEntries(levels) };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } };
}

/** In the order in which they are applied: limits stand before anybody may make anything. */
export function objectsInside({ cluster, user, policies }: UserObjects): { resource: string; object: KubeObject }[] {
  const metadata = { name: NAME, namespace: user.namespace, labels: { [USER_LABEL]: user.name } };
  const made = (resource: string, apiVersion: string, kind: string, rest: object) => ({
    resource,
    object: { apiVersion, kind, metadata, ...rest },
  });
  return [
    made('resourcequotas', 'v1', 'ResourceQuota', { spec: { hard: hardLimits(user.quota) } }),
    made('limitranges', 'v1', 'LimitRange', { spec: { limits: [CONTAINER_DEFAULTS] } }),
    ...(policies ? [made('networkpolicies', 'networking.k8s.io/v1', 'NetworkPolicy', { spec: policyOf() })] : []),
    made('rolebindings', 'rbac.authorization.k8s.io/v1', 'RoleBinding', bindingOf(cluster, user)),
  ];
}

/** Where etcd has what gives a user their rights. */
export const bindingKey = ({ namespace }: Pick<UserRecord, 'namespace'>): string =>
  `/registry/rolebindings/${namespace}/${NAME}`;

/** A quota refuses containers that say nothing, so they get what is little. */
const CONTAINER_DEFAULTS = {
  type: 'Container',
  default: { cpu: '200m', memory: '256Mi', 'ephemeral-storage': '256Mi' },
  defaultRequest: { cpu: '50m', memory: '64Mi', 'ephemeral-storage': '64Mi' },
};

/** `admin` would let them give rights to others. */
function bindingOf(cluster: string, { name, generation }: UserRecord): object {
  const group = generationGroup({ cluster, user: name, generation });
  return {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
  };
}

/** Nothing but the namespace itself and name servers. */
function policyOf(): object {
  const same = { podSelector: {} };
  const dns = [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ];
  return {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [same] }],
    egress: [{ to: [same] }, { ports: dns }],
  };
}
