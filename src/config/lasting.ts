import { type DisklessError, refusal } from '../errors.js';
import type { Roles } from './roles.js';
import type { Settings } from './settings.js';

/** A key an existing cluster is built on. */
interface Lasting {
  path: string;
  of(settings: Settings): string | number;
  /** Why it cannot change under a living cluster. */
  reason: string;
}

const PODS = 'running pods and routes use it';
const CLIENTS = 'components, certificates and kubeconfigs in use name it';
const UPGRADE = 'an upgrade needs an order of steps that `up` does not take';

const LASTING: readonly Lasting[] = [
  { path: 'cluster', of: ({ name }) => name, reason: 'the state directory belongs to one cluster' },
  { path: 'kubernetes', of: ({ kubernetes }) => kubernetes, reason: UPGRADE },
  { path: 'etcd.version', of: ({ etcd }) => etcd, reason: UPGRADE },
  { path: 'network.mode', of: ({ network }) => network.mode, reason: PODS },
  { path: 'network.podCidr', of: ({ network }) => network.podCidr, reason: PODS },
  { path: 'network.nodePrefix', of: ({ network }) => network.nodePrefix, reason: PODS },
  {
    path: 'network.serviceCidr',
    of: ({ network }) => network.serviceCidr,
    reason: 'its services hold addresses of it',
  },
  { path: 'network.dnsAddress', of: ({ network }) => network.dnsAddress, reason: 'running pods ask it for names' },
  {
    path: 'network.clusterDomain',
    of: ({ network }) => network.clusterDomain,
    reason: 'running pods ask for its names',
  },
  { path: 'network.apiAddress', of: ({ network }) => network.apiAddress, reason: CLIENTS },
  { path: 'apiServer.port', of: ({ apiServer }) => apiServer.port, reason: CLIENTS },
  {
    path: 'kubeProxy.mode',
    of: ({ kubeProxy }) => kubeProxy.mode,
    reason: 'the rules of the old mode would stay in place',
  },
];

/** One thing this run asks for that the recorded cluster cannot follow. */
export interface RefusedChange {
  path: string;
  message: string;
}

/** What this run would change of an existing cluster, and may not. Empty: nothing. */
export function refusedChanges(recorded: Settings, asked: Settings, roles: Pick<Roles, 'changes'>): RefusedChange[] {
  const settings = LASTING.filter(({ of }) => of(recorded) !== of(asked)).map(({ path, of, reason }) => ({
    path,
    message: `is recorded as ${of(recorded)} and would become ${of(asked)}: ${reason}`,
  }));
  const changedRoles = roles.changes.map(({ name, from, to }) => ({
    path: 'controlPlane',
    message: `${name} is recorded as a ${from} and would become a ${to}: a node keeps its role`,
  }));
  return [...settings, ...changedRoles];
}

export function changesRefused(cluster: string, lines: readonly string[]): DisklessError {
  const [only] = lines;
  const several = lines.length > 1;
  return refusal({
    code: 'recorded-cluster-differs',
    message: `the cluster ${cluster} exists: ${several ? `${lines.length} of its properties cannot change` : only}`,
    ...(several && { detail: lines.join('\n') }),
    hint: 'keep the recorded values, or create another cluster beside it with --cluster NAME',
  });
}
