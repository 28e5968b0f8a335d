import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { didYouMean } from '../../src/config/suggest.js';
import { DisklessError, usageError } from '../../src/errors.js';
import { withLock } from '../build/build-lock.js';
import type { LabBuild } from '../build/ensure-built.js';
import { labPaths, operatorLink } from './naming.js';
import type { LabPlan, NodePlan } from './plan.js';
import { labNames } from './remove.js';

/** What a lab's run directory remembers. */
export interface LabRecord {
  plan: LabPlan;
  build: LabBuild;
}

export function readRecord(lab: string): LabRecord | undefined {
  const { plan } = labPaths(lab);
  if (!existsSync(plan)) return undefined;
  return JSON.parse(readFileSync(plan, 'utf8'));
}

export function requireRecord(lab: string): LabRecord {
  const record = readRecord(lab);
  if (record !== undefined) return record;
  throw usageError({
    code: 'lab-missing',
    message: `there is no lab called ${lab}`,
    hint: 'start one: lab up s4 s5 s6',
  });
}

export async function writeRecord(record: LabRecord): Promise<void> {
  const { plan } = labPaths(record.plan.name);
  await writeFile(`${plan}.new`, JSON.stringify(record, undefined, 2));
  await rename(`${plan}.new`, plan);
}

export function requireNode(lab: LabPlan, name: string): NodePlan {
  const node = lab.nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) return node;
  const names = lab.nodes.map((candidate) => candidate.name);
  throw usageError({
    code: 'lab-node-unknown',
    message: `the lab ${lab.name} has no node ${JSON.stringify(name)}`,
    hint: didYouMean(name, names) ?? `it has: ${names.join(', ')}`,
  });
}

/** The lowest number no lab of this machine has, remains of a crashed one included. */
export function freeIndex(limit: number): number {
  const taken = new Set(labNames().map((name) => readRecord(name)?.plan.index));
  for (let index = 0; index < limit; index++) {
    if (!taken.has(index) && !existsSync(`/sys/class/net/${operatorLink(index)}`)) return index;
  }
  throw new DisklessError({ code: 'lab-too-many', message: `there are ${limit} labs already`, hint: 'lab down --all' });
}

/** Labs come and go one at a time: they share numbers, sysctls and directories. */
export function withMachineLock<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return withLock({ name: 'lab nodes of this machine', onWait: () => {}, signal }, work);
}
