import { refusal, usageError } from '../errors.js';
import { etcdMinor, etcdProblem } from './etcd-floor.js';
import { knownVersion } from './known-version.js';
import { type CrossProblem, problemsError } from './problems.js';
import { refusedFlags } from './refused-flags.js';
import { newestFirst } from './release-version.js';
import type { ConfigFile } from './schema.js';
import type { VersionDefaults } from './settings.js';
import type { ClusterSpec } from './spec.js';
import { type VersionSet, versionsOf, withVersions } from './upgrade-stages.js';
import { coreDnsImage, KUBERNETES_RANGE, NEWEST, pauseImage, VERSION_TABLE, type VersionRow } from './version-table.js';

/** `1.37` is the newest patch release of it that is known. @throws usage error outside the version table */
export function upgradeVersion(asked: string): string {
  const version = asked.replace(/^v/, '');
  const row = /^1\.\d+$/.test(version) ? VERSION_TABLE.find(({ minor }) => version === `1.${minor}`) : undefined;
  if (row) return row.kubernetes;
  if (/^1\.\d+\.\d+$/.test(version) && knownVersion(version)) return version;
  throw usageError({
    code: 'kubernetes-version-unsupported',
    message: `Kubernetes version ${JSON.stringify(asked)} is not in the version table`,
    hint: `use a version from ${KUBERNETES_RANGE}, e.g. --to ${NEWEST.kubernetes}`,
  });
}

export interface UpgradeTargetInput {
  recorded: ClusterSpec;
  /** What the cluster is started with from now on, as the config file has it. Default: as it is recorded. */
  asked?: ClusterSpec;
  /** Kubernetes version, as `upgradeVersion` gives it. */
  kubernetes: string;
  file?: ConfigFile;
  /** What lies beside it where binaries come from a directory. */
  defaults: VersionDefaults;
}

/**
 * Where an upgrade leads: what a person chose stays, what came with the old version goes with the new one.
 *
 * @throws refusals (exit 5) `upgrade-backwards`, `upgrade-skips-minor`, `upgrade-skips-etcd-minor`; usage error of flags
 * and feature gates that the new version does not accept
 */
export function upgradeTarget(input: UpgradeTargetInput): VersionSet {
  const { recorded, asked = recorded, kubernetes, file, defaults } = input;
  refuseSteps(recorded.kubernetes, kubernetes);
  const before = rowOf(recorded.kubernetes);
  const after = rowOf(kubernetes);
  const dnsImage = recorded.addons.dns.image;
  const target: VersionSet = {
    kubernetes,
    etcd: file?.etcd?.version ?? newer(recorded.etcd, defaults.etcd ?? after.etcd),
    cni: file?.network?.cniVersion ?? newer(recorded.cni, defaults.cni ?? after.cni),
    sandboxImage:
      file?.sandboxImage ??
      (recorded.sandboxImage === pauseImage(before)
        ? (defaults.sandboxImage ?? pauseImage(after))
        : recorded.sandboxImage),
    dnsImage: file?.addons?.dns?.image ?? (dnsImage === coreDnsImage(before) ? coreDnsImage(after) : dnsImage),
  };
  refuseEtcdSteps(versionsOf(recorded), target);
  const problems = [
    ...refusedFlags(withVersions(asked, target), { recorded: file === undefined }),
    ...refusedEtcdFlags(asked, target),
  ];
  if (problems.length > 0)
    throw problemsError(
      problems.map(({ paths, message }) => `${paths[0]?.join('.')}: ${message}`),
      `what the cluster is started with, for Kubernetes ${kubernetes}`,
    );
  return target;
}

/** Unknown flags end etcd as they end Kubernetes' components. Source: etcd's page "Upgrade etcd from 3.6 to 3.7". */
function refusedEtcdFlags({ etcdServer }: ClusterSpec, { etcd }: VersionSet): CrossProblem[] {
  if (etcdMinor(etcd) !== '3.7') return [];
  const gone = Object.keys(etcdServer.extraArgs).filter((flag) => flag.startsWith('experimental-'));
  return gone.map((flag) => ({
    paths: [['etcd', 'extraArgs', flag]],
    message: `etcd ${etcd} does not accept --${flag}: 3.7 has no experimental flags; use its name without that, or a feature gate`,
  }));
}

/** A version of a table that has changed since is treated as its newest row. */
const rowOf = (kubernetes: string): VersionRow => knownVersion(kubernetes) ?? NEWEST;

const newer = (one: string, other: string): string => (newestFirst(one, other) <= 0 ? one : other);

function refuseSteps(from: string, to: string): void {
  if (newestFirst(from, to) < 0)
    throw refusal({
      code: 'upgrade-backwards',
      message: `the cluster runs Kubernetes ${from}, and ${to} is older: what a newer one wrote, an older one may not read`,
      hint: 'to go back, save what is wanted, reboot all nodes and begin it anew: up --kubernetes VERSION --new-cluster',
    });
  const next = rowOf(from).minor + 1;
  if (rowOf(to).minor <= next) return;
  throw refusal({
    code: 'upgrade-skips-minor',
    message: `from Kubernetes ${from} to ${to} a minor is left out, which kube-apiserver does not support`,
    hint: `one after the other: k8s-diskless upgrade --to 1.${next} first`,
  });
}

function refuseEtcdSteps({ etcd: from }: VersionSet, { etcd: to }: VersionSet): void {
  const problem = etcdProblem(to);
  // Recorded, it would keep every later run from the cluster.
  if (problem !== undefined)
    throw usageError({ code: 'etcd-version-unsupported', message: problem, hint: 'etcd.version in the config file' });
  if (newestFirst(from, to) < 0)
    throw refusal({
      code: 'upgrade-backwards',
      message: `the cluster runs etcd ${from}, and etcd.version says ${to}, which is older`,
      hint: 'take etcd.version out of the config file, or name a newer one',
    });
  const [fromMinor = 0, toMinor = 0] = [from, to].map((version) => Number(version.split('.')[1]));
  if (toMinor <= fromMinor + 1) return;
  throw refusal({
    code: 'upgrade-skips-etcd-minor',
    message: `from etcd ${from} to ${to} a minor is left out, which etcd does not support`,
    hint: `name a version of 3.${fromMinor + 1} first: etcd.version in the config file`,
  });
}
