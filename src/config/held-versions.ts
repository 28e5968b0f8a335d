import type { LoadedConfig } from './load.js';
import { newestFirst } from './release-version.js';
import type { ResolveNote } from './resolve-notes.js';
import type { ClusterSpec } from './spec.js';
import type { SpecFlags } from './spec-flags.js';
import { STAGE_TITLES, type UpgradeRecord } from './upgrade-stages.js';

function goesOn({ from, to, stage }: UpgradeRecord): ResolveNote {
  const message = `the upgrade from Kubernetes ${from.kubernetes} to ${to.kubernetes} goes on: ${STAGE_TITLES[stage]}`;
  return { code: 'upgrade-goes-on', message };
}

/** Where an upgrade leads that is not recorded yet: the file that asks for it may say so. */
export type UpgradingTo = Pick<ClusterSpec, 'kubernetes' | 'etcd'>;

export interface HeldVersionsInput {
  file?: LoadedConfig;
  flags: SpecFlags;
  recorded?: ClusterSpec;
  /** One is not finished. */
  upgrade?: UpgradeRecord;
  /** Of one that is about to begin. */
  upgradingTo?: UpgradingTo;
}

/**
 * A config file may be of before an upgrade: that is told, and never a downgrade. In the middle of one it may say either
 * version, and so may a flag: where the cluster is, the record knows.
 */
export function heldVersions<T extends HeldVersionsInput>(input: T): { input: T; notes: ResolveNote[] } {
  const { file, flags, recorded, upgrade, upgradingTo } = input;
  if (recorded === undefined) return { input, notes: [] };
  const isWithin = (key: 'kubernetes' | 'etcd', asked: string): boolean =>
    [upgrade?.from[key], upgrade?.to[key], upgradingTo?.[key]].includes(asked);
  const notes: ResolveNote[] = upgrade ? [goesOn(upgrade)] : [];
  const isHeld = (key: 'kubernetes' | 'etcd', asked: string | undefined, path: string[]): boolean => {
    if (asked === undefined || asked === recorded[key]) return false;
    if (isWithin(key, asked)) return true;
    if (newestFirst(asked, recorded[key]) <= 0) return false;
    const message = `${file?.place(path)} says ${asked}, and the cluster runs ${recorded[key]}: change that line`;
    notes.push({ code: 'configuration-older', message });
    return true;
  };
  const config = file && { ...file.config };
  if (config && isHeld('kubernetes', config.kubernetes, ['kubernetes'])) delete config.kubernetes;
  if (config?.etcd && isHeld('etcd', config.etcd.version, ['etcd', 'version'])) {
    const { version: _, ...etcd } = config.etcd;
    config.etcd = etcd;
  }
  const { kubernetes, ...otherFlags } = flags;
  const isFlagHeld = kubernetes !== undefined && isWithin('kubernetes', kubernetes.replace(/^v/, ''));
  return {
    input: { ...input, ...(file && config && { file: { ...file, config } }), ...(isFlagHeld && { flags: otherFlags }) },
    notes,
  };
}
