import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { DisklessError } from '../../src/errors.js';
import { runCommand } from '../build/run-command.js';
import { labPaths, labPrefix, namespaceOf, RUN_ROOT } from './naming.js';
import { kill, processesByCgroup, readPidFile } from './process-table.js';
import { runScript } from './switch.js';
import { MACHINE_SYSCTLS, restoreSysctls } from './sysctls.js';
import { until } from './until.js';

const DEATH_TIMEOUT = 60_000;
const NAMESPACES = '/run/netns';

/**
 * Removes a lab with all it made, also what a crashed run has left: it looks for names, not for records.
 * Says in words what it found.
 */
export async function removeLab(lab: string): Promise<string[]> {
  const processes = await killProcesses(lab);
  const namespaces = await removeNamespaces(lab);
  const mounts = await unmountAll(labPaths(lab).root);
  const cgroups = await removeCgroups(lab);
  await rm(labPaths(lab).root, { recursive: true, force: true });
  const sysctls = labNames().length === 0 ? restoreSysctls(MACHINE_SYSCTLS) : [];
  return [
    ...counted(processes, 'process', 'processes'),
    ...counted(namespaces, 'network namespace', 'network namespaces'),
    ...counted(mounts, 'mount', 'mounts'),
    ...counted(cgroups, 'cgroup', 'cgroups'),
    ...(sysctls.length > 0 ? [`sysctls put back: ${sysctls.join(', ')}`] : []),
  ];
}

/** Labs that have a run directory. */
export function labNames(): string[] {
  if (!existsSync(RUN_ROOT)) return [];
  return readdirSync(RUN_ROOT).filter((name) => !name.startsWith('.'));
}

/** Labs of which anything at all is left. */
export function labTraces(): string[] {
  const named = namespaces().flatMap((name) => /^kdl\.([^.]+)\./.exec(name)?.[1] ?? []);
  return [...new Set([...labNames(), ...named])].sort();
}

async function killProcesses(lab: string): Promise<number> {
  for (const node of nodesOf(lab)) writeFileSync(labPaths(lab).node(node).power, 'off');
  const killed = new Set<number>();
  const remaining = () => {
    const alive = livingProcesses(lab);
    for (const pid of alive) {
      kill(pid);
      killed.add(pid);
    }
    return alive.length === 0 ? true : undefined;
  };
  if ((await until(remaining, { timeout: DEATH_TIMEOUT })) === undefined) throw leftOver(lab, 'processes');
  return killed.size;
}

/** Launchers first, lest they boot what dies. */
function livingProcesses(lab: string): number[] {
  const launchers = nodesOf(lab).flatMap((node) => readPidFile(labPaths(lab).node(node).launcher)?.pid ?? []);
  const inCgroups = processesByCgroup((cgroups) => cgroups.includes(`/${labPrefix(lab)}`));
  return [...new Set([...launchers, ...inCgroups])];
}

function nodesOf(lab: string): string[] {
  const directory = `${labPaths(lab).root}/nodes`;
  return existsSync(directory) ? readdirSync(directory) : [];
}

async function removeNamespaces(lab: string): Promise<number> {
  const mine = namespaces().filter((name) => name.startsWith(labPrefix(lab)));
  const inner = namespaceOf(lab, 'switch');
  // Cables first and by name: the kernel takes a namespace apart later, and its links would linger on our side.
  const unplug = `ip -n ${inner} -o link show type veth | cut -d: -f2 | cut -d@ -f1 | while read -r link; do ip -n ${inner} link delete "$link"; done`;
  const removal = mine.map((name) => `ip netns delete ${name}`);
  await runScript([...(mine.includes(inner) ? [unplug] : []), ...removal, ':'].join('\n'));
  return mine.length;
}

function namespaces(): string[] {
  return existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : [];
}

async function unmountAll(directory: string): Promise<number> {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${directory}/`))
    .reverse();
  for (const point of points) await runCommand({ command: 'umount', args: [point] });
  return points.length;
}

async function removeCgroups(lab: string): Promise<number> {
  const find = ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${labPrefix(lab)}*`];
  const list = async () => (await runCommand({ command: 'find', args: find })).split('\n').filter(Boolean);
  const found = await list();
  // The kernel lets a cgroup go a moment after its last process.
  const isGone = async () => {
    await runScript(`find ${find.map((word) => `'${word}'`).join(' ')} -delete 2>/dev/null || :`);
    return (await list()).length === 0 ? true : undefined;
  };
  if (found.length > 0 && (await until(isGone, { timeout: DEATH_TIMEOUT })) === undefined)
    throw leftOver(lab, 'cgroups');
  return found.length;
}

function counted(count: number, one: string, many: string): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
}

function leftOver(lab: string, what: string): DisklessError {
  return new DisklessError({ code: 'lab-leftovers', message: `${what} of the lab ${lab} cannot be removed` });
}
