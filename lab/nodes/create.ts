import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { usageError } from '../../src/errors.js';
import type { LabBuild } from '../build/ensure-built.js';
import { runCommand } from '../build/run-command.js';
import { labPaths } from './naming.js';
import { writeNodeFiles } from './node-files.js';
import { emptyLab, MOST_LABS, type NodeRequest, withNodes } from './plan.js';
import { removeLab } from './remove.js';
import { renderSshConfig } from './ssh-config.js';
import { freeIndex, type LabRecord, readRecord, withMachineLock, writeRecord } from './store.js';
import { buildSwitch } from './switch.js';
import { MACHINE_SYSCTLS, saveSysctls } from './sysctls.js';

export interface CreateLabOptions {
  name: string;
  nodes: readonly NodeRequest[];
  build: LabBuild;
  signal?: AbortSignal | undefined;
}

/** Makes the lab unless there is one, and all its new nodes need to boot; boots nothing. */
export function createLab(options: CreateLabOptions): Promise<LabRecord> {
  return withMachineLock(async () => {
    const { name, nodes, build } = options;
    const existing = founded(readRecord(name));
    if (existing !== undefined && 'hardware' in existing) throw isOfMachines(name);
    const record = existing ?? emptyRecord(options);
    const plan = withNodes(record.plan, nodes);
    if (existing === undefined) await layFoundation({ plan, build });
    const added = plan.nodes.filter((node) => !record.plan.nodes.some((known) => known.name === node.name));
    const paths = labPaths(name);
    const authorizedKey = await readFile(`${paths.key}.pub`, 'utf8');
    for (const node of added) {
      await writeNodeFiles({ lab: plan, node, paths, build: record.build, authorizedKey });
    }
    await writeFile(paths.sshConfig, renderSshConfig(plan, paths.key));
    await writeRecord({ plan, build: record.build });
    return { plan, build: record.build };
  }, options.signal);
}

async function mountLayer(squashfs: string, at: string): Promise<void> {
  await mkdir(at, { recursive: true });
  await runCommand({ command: 'mount', args: ['-t', 'squashfs', '-o', 'ro,loop', squashfs, at] });
}

function isOfMachines(lab: string): Error {
  return usageError({
    code: 'lab-of-machines',
    message: `the lab ${lab} is one of emulated machines`,
    hint: 'add to it by `lab machine up NAME`, or name another: lab --lab NAME up s4',
  });
}

/** One without nodes was ended while its foundation was laid. */
function founded(record: LabRecord | undefined): LabRecord | undefined {
  return record !== undefined && record.plan.nodes.length > 0 ? record : undefined;
}

function emptyRecord({ name, nodes, build }: CreateLabOptions): LabRecord {
  const hasRouter = nodes.some((node) => node.options?.includes('far'));
  return { plan: emptyLab({ name, index: freeIndex(MOST_LABS), hasRouter }), build };
}

/** Everything that is there once for all nodes. */
async function layFoundation({ plan, build }: LabRecord): Promise<void> {
  const paths = labPaths(plan.name);
  // Without a record whatever bears this name is a crashed run's.
  await removeLab(plan.name);
  saveSysctls(MACHINE_SYSCTLS);
  try {
    await mkdir(paths.root, { recursive: true });
    // The record comes first: with it others see that this number is taken.
    await writeRecord({ plan: { ...plan, nodes: [] }, build });
    await runCommand({ command: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', paths.key] });
    for (const layer of new Set(Object.values(build.systems).flat())) await mountLayer(layer, paths.usrLayer(layer));
    await buildSwitch(plan);
  } catch (error) {
    await removeLab(plan.name);
    throw error;
  }
}
