import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

/** What tells one process from every other, also after its pid was given to another or the machine was rebooted. */
export interface ProcessIdentity {
  host: string;
  /** The machine's boot, shortened; empty where the kernel does not tell. */
  boot: string;
  /** The pid namespace the pid belongs to; empty where there is none. */
  namespace: string;
  pid: number;
  /** Start time in the kernel's own unit; empty when it could not be told. */
  start: string;
}

/** `unknown`: it belongs to another machine or container, and cannot be judged from here. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** The identity of a process of this machine. @param proc Where the kernel tells of processes; `ps` does elsewhere. */
export async function identify(pid: number, proc = '/proc'): Promise<ProcessIdentity> {
  const [boot, namespace, status] = await Promise.all([bootOf(proc), namespaceOf(proc), statusOf(pid, proc)]);
  return { host: hostname(), boot, namespace, pid, start: status?.start ?? '' };
}

/** Whether the process still runs. Only a certain death counts as one. */
export async function livenessOf(identity: ProcessIdentity, proc = '/proc'): Promise<Liveness> {
  const sameName = identity.host === hostname();
  if (identity.boot !== (await bootOf(proc))) return sameName ? 'dead' : 'unknown';
  // Equal boot IDs are one machine, whatever it is called; where no kernel tells them, its name must do.
  if (identity.boot === '' && !sameName) return 'unknown';
  if (identity.namespace !== (await namespaceOf(proc))) return 'unknown';
  if (!exists(identity.pid)) return 'dead';
  const status = await statusOf(identity.pid, proc);
  if (status?.zombie) return 'dead';
  const same = status === undefined || identity.start === '' || status.start === identity.start;
  return same ? 'alive' : 'dead';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function bootOf(proc: string): Promise<string> {
  const id = await readFile(`${proc}/sys/kernel/random/boot_id`, 'utf8').catch(() => '');
  return id.slice(0, 8);
}

async function namespaceOf(proc: string): Promise<string> {
  const link = await readlink(`${proc}/self/ns/pid`).catch(() => '');
  return link.replace(/\D/g, '');
}

interface ProcessStatus {
  start: string;
  /** Ended, and not yet waited for by its parent. */
  zombie: boolean;
}

async function statusOf(pid: number, proc: string): Promise<ProcessStatus | undefined> {
  const stat = await readFile(`${proc}/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined ? statusByPs(pid) : parseStat(stat);
}

/** proc(5): the second field, the program's name, may hold spaces and parentheses; state is 3rd, start time 22nd. */
function parseStat(stat: string): ProcessStatus {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { zombie: fields[0] === 'Z' || fields[0] === 'X', start: fields[19] ?? '' };
}

/** POSIX has no start time of its own; `lstart` is what Linux, macOS and the BSDs share. */
async function statusByPs(pid: number): Promise<ProcessStatus | undefined> {
  const options = { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } };
  const listing = await promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], options).catch(
    () => undefined,
  );
  const [, state = '', start = ''] = /^(\S+)\s+(.+)$/.exec(listing?.stdout.trim() ?? '') ?? [];
  return start === '' ? undefined : { zombie: state.startsWith('Z'), start: start.replace(/\s+/g, ' ') };
}
