import { writeFile } from 'node:fs/promises';
import { disturbScript } from './disturbance.js';
import { machineOf } from './machine.js';
import type { LabPaths } from './naming.js';
import { writeDisturbance } from './node-files.js';
import { type Pair, partitionScript } from './partition.js';
import type { LabPlan, NodePlan } from './plan.js';
import { readOptional } from './process-table.js';
import { withMachineLock } from './store.js';
import { runScript } from './switch.js';
import type { Disturbance } from './traits.js';

/** Puts other partitions into force in the switch. */
export async function changePartitions(
  lab: LabPlan,
  paths: LabPaths,
  change: (pairs: Pair[]) => Pair[],
): Promise<void> {
  await withMachineLock(async () => {
    const pairs = change(JSON.parse(readOptional(paths.partitions) ?? '[]'));
    await runScript(partitionScript(lab, pairs));
    await writeFile(paths.partitions, JSON.stringify(pairs));
  });
}

export interface DisturbanceChange {
  lab: LabPlan;
  node: NodePlan;
  paths: LabPaths;
  change: (before: Disturbance) => Disturbance;
}

/** Puts another disturbance into force, now if the node is on, and at its boots to come. */
export async function changeDisturbance({ lab, node, paths, change }: DisturbanceChange): Promise<void> {
  await withMachineLock(async () => {
    const nodePaths = paths.node(node.name);
    const disturbance = change(JSON.parse(readOptional(nodePaths.disturbance) ?? '{"link":{}}'));
    await writeDisturbance({ lab, node, paths, disturbance });
    if (machineOf(nodePaths)?.nspawn !== undefined) await runScript(disturbScript(lab, node, disturbance));
  });
}
