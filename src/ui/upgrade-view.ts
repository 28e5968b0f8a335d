import type { ClusterSpec } from '../config/spec.js';
import { controlPlanes } from '../config/spec.js';
import {
  isMinorUpgrade,
  STAGE_TITLES,
  stageAfter,
  type UpgradeRecord,
  type UpgradeStage,
} from '../config/upgrade-stages.js';
import { count } from './units.js';

export interface UpgradeViewOptions {
  spec: ClusterSpec;
  upgrade: UpgradeRecord;
  isBegun: boolean;
}

/** What an upgrade does, stage after stage, as a person reads it. */
export function upgradeLines({ spec, upgrade, isBegun }: UpgradeViewOptions): string[] {
  const { from, to, nodesAtOnce } = upgrade;
  const stages: UpgradeStage[] = [];
  for (let stage: UpgradeStage | undefined = upgrade.stage; stage; stage = stageAfter(upgrade, stage))
    stages.push(stage);
  const begins = isBegun ? 'goes on' : 'would go';
  return [
    `cluster ${spec.name} ${begins} from Kubernetes ${from.kubernetes} (etcd ${from.etcd}) to ${to.kubernetes} (etcd ${to.etcd})`,
    ...(isBegun ? [] : ['  first a run of up, and a snapshot']),
    ...stages.map((stage, index) => `  ${index + 1}. ${STAGE_TITLES[stage]}: ${whereOf(stage)}`),
  ];

  function whereOf(stage: UpgradeStage): string {
    if (stage === 'dns') return `${from.dnsImage} to ${to.dnsImage}`;
    if (stage !== 'nodes')
      return controlPlanes(spec)
        .map(({ name }) => name)
        .join(', ');
    const batch = isMinorUpgrade(upgrade)
      ? `, ${count(nodesAtOnce, 'node')} at a time`
      : ', not drained for a patch release';
    return `${spec.nodes.map(({ name }) => name).join(', ')}${batch}`;
  }
}
