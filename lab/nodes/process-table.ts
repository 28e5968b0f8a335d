import { readdirSync, readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same PID. */
export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/PID/stat: start after boot, in clock ticks. */
  start: string;
}

/** The process named in a file of the form `PID START`, if it is alive. */
export function readPidFile(path: string): ProcessIdentity | undefined {
  const text = readOptional(path);
  const [pid, start] = text?.trim().split(' ') ?? [];
  if (pid === undefined || start === undefined) return undefined;
  const identity = { pid: Number(pid), start };
  return isAlive(identity) ? identity : undefined;
}

export function isAlive(process: ProcessIdentity): boolean {
  return startOf(process.pid) === process.start;
}

/** Undefined for processes that are gone, zombies among them. */
function startOf(pid: number): string | undefined {
  const stat = readOptional(`/proc/${pid}/stat`);
  // The second field, the command, may hold spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

export function childrenOf(pid: number): number[] {
  const text = readOptional(`/proc/${pid}/task/${pid}/children`) ?? '';
  return text.split(' ').filter(Boolean).map(Number);
}

/** All processes with a cgroup path in which the predicate finds what it looks for. */
export function processesByCgroup(matches: (cgroups: string) => boolean): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^[0-9]+$/.test(entry))
    .filter((pid) => matches(readOptional(`/proc/${pid}/cgroup`) ?? ''))
    .map(Number);
}

/** SIGKILL; a process that is gone already is as good as killed. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

export function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
