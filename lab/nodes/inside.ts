import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DisklessError } from '../../src/errors.js';
import { machineOf } from './machine.js';
import type { LabPaths } from './naming.js';

const IN_CGROUPS = join(import.meta.dirname, 'in-cgroups.sh');

/** What a process of a node is started with, as root. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};

/** The command line, for this machine, that runs a program inside a node as root. */
export function insideNode(paths: LabPaths, name: string, argv: readonly string[]): [string, ...string[]] {
  const machine = machineOf(paths.node(name));
  if (machine?.leader === undefined || machine.nspawn === undefined) throw notRunning(name, machine === undefined);
  const variables = { ...ENVIRONMENT, TERM: process.env.TERM ?? 'dumb' };
  // First into the node's cgroups: what is started here counts there, and ends with the node.
  const gather = ['sh', IN_CGROUPS, ...cgroupFiles(machine.nspawn.pid), '--'] as const;
  const enter = ['nsenter', `--target=${machine.leader}`, '--all'];
  const clean = ['env', '-i', ...Object.entries(variables).map(([key, value]) => `${key}=${value}`)];
  return [...gather, ...enter, '--', ...clean, ...argv];
}

/** `cgroup.procs` of every hierarchy a process is in. */
function cgroupFiles(pid: number): string[] {
  return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [, controllers = '', path = ''] = /^[0-9]+:([^:]*):(.*)$/.exec(line) ?? [];
      const hierarchy = controllers.replace(/^name=/, '') || 'unified';
      return [`/sys/fs/cgroup/${hierarchy}${path}/cgroup.procs`, `/sys/fs/cgroup${path}/cgroup.procs`];
    })
    .filter((file) => existsSync(file));
}

function notRunning(name: string, isOff: boolean): DisklessError {
  return new DisklessError({
    code: 'lab-node-not-running',
    host: name,
    message: `the lab node ${name} is ${isOff ? 'off' : 'just booting'}`,
    hint: isOff ? `lab power-on ${name}` : 'try again in a second',
  });
}
