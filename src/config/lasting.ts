import { type DisklessError, refusal } from '../errors.js';
import type { Roles } from './roles.js';
import { apiServer, CONFIG, kubeProxy, network } from './schema.js';
import type { Section } from './setting.js';
import type { Settings } from './settings.js';

/** A key an existing cluster is built on. */
interface Lasting {
  path: string;
  of(settings: Settings): string | number;
  /** Why it cannot change under a living cluster. */
  reason: string;
}

const UPGRADE = 'k8s-diskless upgrade alone changes it, and to newer ones';

const VERSIONS = ['kubernetes', 'etcd.version'];

const LASTING: readonly Lasting[] = [
  { path: 'cluster', of: ({ name }) => name, reason: CONFIG.cluster.keeps },
  { path: 'kubernetes', of: ({ kubernetes }) => kubernetes, reason: UPGRADE },
  { path: 'etcd.version', of: ({ etcd }) => etcd, reason: UPGRADE },
  ...lastingIn('network', network),
  ...lastingIn('apiServer', apiServer),
  ...lastingIn('kubeProxy', kubeProxy),
];

/** Every setting of the section that says why it cannot change. */
function lastingIn(name: 'network' | 'apiServer' | 'kubeProxy', section: Section): Lasting[] {
  return Object.entries(section).flatMap(([key, { keeps: reason }]) => {
    if (typeof reason !== 'string') return [];
    const of = (settings: Settings) => (settings[name] as unknown as Record<string, string | number>)[key] ?? '';
    return [{ path: `${name}.${key}`, of, reason }];
  });
}

/** One thing this run asks for that the recorded cluster cannot follow. */
export interface RefusedChange {
  path: string;
  message: string;
}

/** What this run would change of an existing cluster, and may not. Empty: nothing. */
export function refusedChanges(recorded: Settings, asked: Settings, roles: Pick<Roles, 'demoted'>): RefusedChange[] {
  const settings = LASTING.filter(({ of }) => of(recorded) !== of(asked)).map(({ path, of, reason }) => ({
    path,
    message: `is recorded as ${of(recorded)} and would become ${of(asked)}: ${reason}`,
  }));
  const changedRoles = roles.demoted.map((name) => ({
    path: 'controlPlane',
    message: `${name} is recorded as a control-plane and would become a worker, which would take its vote away: k8s-diskless up --demote ${name} does that, k8s-diskless remove ${name} takes it out of the cluster`,
  }));
  return [...settings, ...changedRoles];
}

export interface ChangesRefused {
  cluster: string;
  changes: readonly RefusedChange[];
  /** Of each, with its place. */
  lines: readonly string[];
}

export function changesRefused({ cluster, changes, lines }: ChangesRefused): DisklessError {
  const [only] = lines;
  const several = lines.length > 1;
  return refusal({
    code: 'recorded-cluster-differs',
    message: `the cluster ${cluster} exists: ${several ? `${lines.length} of its properties cannot change` : only}`,
    ...(several && { detail: lines.join('\n') }),
    hint: changes.every(({ path }) => VERSIONS.includes(path))
      ? 'k8s-diskless upgrade --plan shows the way to newer versions'
      : 'keep the recorded values, or create another cluster beside it with --cluster NAME',
  });
}
