import type { ComponentId } from '../node/desired.js';
import type { ClusterSpec } from './spec.js';

/** What an upgrade changes of a spec. */
export interface VersionSet extends Pick<ClusterSpec, 'kubernetes' | 'etcd' | 'cni' | 'sandboxImage'> {
  /** Image of the cluster DNS. */
  dnsImage: string;
}

/**
 * In this order. Kubernetes' version skew policy: every apiserver before anything that asks one, and kubelets last, those
 * of control planes among them, since each may reach any apiserver.
 */
export const UPGRADE_STAGES = ['etcd', 'kube-apiserver', 'controllers', 'nodes', 'dns'] as const;
export type UpgradeStage = (typeof UPGRADE_STAGES)[number];

export const STAGE_TITLES: Readonly<Record<UpgradeStage, string>> = {
  etcd: 'etcd, one control plane after the other',
  'kube-apiserver': 'kube-apiserver, one control plane after the other',
  controllers: 'kube-controller-manager and kube-scheduler',
  nodes: 'kubelet, kube-proxy and CNI plugins',
  dns: 'cluster DNS',
};

/** How far an upgrade is: what belongs to `stage` is being brought to `to`, what belongs to later ones is at `from`. */
export interface UpgradeRecord {
  from: VersionSet;
  to: VersionSet;
  stage: UpgradeStage;
  /** How many nodes are drained at a time. */
  nodesAtOnce: number;
}

export function versionsOf({ kubernetes, etcd, cni, sandboxImage, addons }: ClusterSpec): VersionSet {
  return { kubernetes, etcd, cni, sandboxImage, dnsImage: addons.dns.image };
}

export function withVersions(spec: ClusterSpec, { dnsImage, ...versions }: VersionSet): ClusterSpec {
  return { ...spec, ...versions, addons: { ...spec.addons, dns: { ...spec.addons.dns, image: dnsImage } } };
}

/** Everything else goes with the nodes. */
const STAGE_OF = new Map<string, UpgradeStage>([
  ['etcd', 'etcd'],
  ['kube-apiserver', 'kube-apiserver'],
  ['kube-controller-manager', 'controllers'],
  ['kube-scheduler', 'controllers'],
]);

/** With which stage this component, or this binary, changes. */
export const stageOf = (name: ComponentId | string): UpgradeStage => STAGE_OF.get(name) ?? 'nodes';

export const isReached = ({ stage }: Pick<UpgradeRecord, 'stage'>, other: UpgradeStage): boolean =>
  UPGRADE_STAGES.indexOf(stage) >= UPGRADE_STAGES.indexOf(other);

/** At which versions this component is to be now. */
export function specOfComponent(spec: ClusterSpec, upgrade: UpgradeRecord | undefined, id: ComponentId): ClusterSpec {
  if (upgrade === undefined) return spec;
  return withVersions(spec, isReached(upgrade, stageOf(id)) ? upgrade.to : upgrade.from);
}

/** Image of the cluster DNS now. */
export function dnsImageOf(spec: ClusterSpec, upgrade: UpgradeRecord | undefined): string {
  if (upgrade === undefined) return spec.addons.dns.image;
  return isReached(upgrade, 'dns') ? upgrade.to.dnsImage : upgrade.from.dnsImage;
}

/**
 * What the cluster's objects go by in this stage: a snapshot that is taken now says so, and what is restored after a total
 * loss is brought up with it.
 */
export function versionsInStage({ from, to, stage }: UpgradeRecord): VersionSet {
  return stage === 'etcd' ? { ...from, etcd: to.etcd } : to;
}

/** Nodes are drained for another minor, and not for another patch release. */
export function isMinorUpgrade({ from, to }: Pick<UpgradeRecord, 'from' | 'to'>): boolean {
  const minorOf = ({ kubernetes }: VersionSet): string => kubernetes.split('.').slice(0, 2).join('.');
  return minorOf(from) !== minorOf(to);
}

/** The first stage after this one in which something changes; undefined: all is done. */
export function stageAfter(
  { from, to }: Pick<UpgradeRecord, 'from' | 'to'>,
  stage?: UpgradeStage,
): UpgradeStage | undefined {
  const later = stage === undefined ? UPGRADE_STAGES : UPGRADE_STAGES.slice(UPGRADE_STAGES.indexOf(stage) + 1);
  const differs: Record<UpgradeStage, boolean> = {
    etcd: from.etcd !== to.etcd,
    'kube-apiserver': from.kubernetes !== to.kubernetes,
    controllers: from.kubernetes !== to.kubernetes,
    nodes: from.kubernetes !== to.kubernetes || from.cni !== to.cni || from.sandboxImage !== to.sandboxImage,
    dns: from.dnsImage !== to.dnsImage,
  };
  return later.find((each) => differs[each]);
}
