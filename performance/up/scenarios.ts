import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../lab/nodes/lab.js';
import { defaultCacheRoot } from '../../src/artifacts/cache.js';
import { NEWEST } from '../../src/config/version-table.js';
import { createOperator, type Operator } from '../../test/e2e/helpers/cli.js';
import { type Floor, measureFloor } from './floor.js';
import { type Kit, type KubeadmRun, kubeadmRun } from './kubeadm/run.js';
import { operatorRun } from './operator-run.js';
import { type Sample, sampleOf } from './sample.js';

export const NODES = ['s4', 's5', 's6'];
const cacheDir = join(defaultCacheRoot(process.env), 'members');

export interface Bench {
  lab: Lab;
  controlPlanes: readonly string[];
  say: (line: string) => void;
}

export interface ColdResult {
  cold: Sample[];
  /** `up` again right after it. */
  noop: Sample[];
  /** Cold without add-ons, as floor and kubeadm have none. */
  bare: Sample[];
  floors: Floor[];
  /** The same by kubeadm, which is measured with one control plane alone. */
  kubeadm: KubeadmRun[];
}

/** What makes a cluster without add-ons. */
export interface Bare {
  /** Configuration file. */
  config: string;
  /** Directory of image archives: of the pause image alone. */
  images: string;
}

export interface ColdOptions {
  runs: number;
  /** After every so many runs the floor is measured, and beside it a cluster without add-ons by `up` and by kubeadm. */
  floorEvery: number;
  bare: Bare;
  /** Undefined: kubeadm is left out. */
  kit: Kit | undefined;
}

/** Blank machines (all power cut), a new cluster each time, a warm operator cache. */
export async function coldRuns(bench: Bench, { runs, floorEvery, bare, kit }: ColdOptions): Promise<ColdResult> {
  const { lab, controlPlanes, say } = bench;
  const result: ColdResult = { cold: [], noop: [], bare: [], floors: [], kubeadm: [] };
  // The first run compresses artifacts into the operator's cache: it is thrown away.
  for (let run = 0; run <= runs; run++) {
    const operator = await createOperator(lab.env());
    try {
      const cold = await measured(operator, firstUp(controlPlanes));
      const noop = await measured(operator, ['up']);
      say(`cold ${run}${run === 0 ? ' (warm-up, discarded)' : ''}: ${words(cold)}; again: ${words(noop)}`);
      if (run > 0) {
        result.cold.push(cold);
        result.noop.push(noop);
      }
      if (run > 0 && run % floorEvery === 0) {
        const floor = await measureFloor({ ...bench, nodes: NODES, bytes: cold.bytesToControlPlane, cacheDir });
        say(`floor: ${floor.total.toFixed(2)} s`);
        result.floors.push(floor);
      }
    } finally {
      await operator.remove();
    }
    await lab.reboot(NODES, { power: true });
    if (run > 0 && run % floorEvery === 0) result.bare.push(await bareRun(bench, bare));
    if (kit !== undefined && run > 0 && run % floorEvery === 0) {
      const kubeadm = await kubeadmRun({ lab, nodes: NODES, row: NEWEST, kit });
      say(`kubeadm: ${kubeadm.total.toFixed(2)} s`);
      result.kubeadm.push(kubeadm);
      await lab.reboot(NODES, { power: true });
    }
  }
  return result;
}

async function bareRun({ lab, controlPlanes, say }: Bench, { config, images }: Bare): Promise<Sample> {
  const operator = await createOperator(lab.env());
  try {
    const sample = await measured(operator, [...firstUp(controlPlanes), '--config', config, '--images', images]);
    say(`cold, no add-ons: ${words(sample)}`);
    return sample;
  } finally {
    await operator.remove();
    await lab.reboot(NODES, { power: true });
  }
}

/** These nodes lose power at once and answer over SSH again; then `up`. */
export async function rebootRuns(bench: Bench, nodes: readonly string[], runs: number): Promise<Sample[]> {
  const { lab, controlPlanes, say } = bench;
  const operator = await createOperator(lab.env());
  const samples: Sample[] = [];
  try {
    await measured(operator, firstUp(controlPlanes));
    for (let run = 1; run <= runs; run++) {
      await lab.reboot(nodes, { power: true });
      const sample = await measured(operator, ['up']);
      say(`${nodes.join(', ')} rebooted ${run}: ${words(sample)}`);
      samples.push(sample);
    }
  } finally {
    await operator.remove();
    await lab.reboot(NODES, { power: true });
  }
  return samples;
}

const firstUp = (controlPlanes: readonly string[]): string[] => [
  'up',
  '--hosts',
  NODES.join(','),
  '--control-plane',
  controlPlanes.join(','),
];

async function measured(operator: Operator, args: readonly string[]): Promise<Sample> {
  const loadBefore = loadavg()[0] ?? 0;
  const run = await operatorRun(operator, args);
  if (run.exit === 0) return sampleOf(run, loadBefore);
  throw new Error(`${args.join(' ')} ended with exit ${run.exit}\n${JSON.stringify(run.events.at(-1))}\n${run.stderr}`);
}

const words = ({ totalMs, loadBefore }: Sample): string =>
  `${(totalMs / 1000).toFixed(2)} s (load ${loadBefore.toFixed(1)})`;
