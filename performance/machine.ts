import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** What a result was measured on. */
export function machine(): Record<string, unknown> {
  const [first] = cpus();
  const memoryGiB = Math.round(totalmem() / 1024 ** 3);
  return { cpus: cpus().length, model: first?.model, memoryGiB, kernel: release(), node: process.version };
}

/** Recorded results: those of one run are no part of what the next one measures. */
const RESULTS = [':(exclude)performance/*/results', ':(exclude)lab/records', ':(exclude)docs/versions.md'];

/** What was measured: the commit, and whether the tree differs from it. */
export function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', ...RESULTS);
  return git('describe', '--always') + (changed === '' ? '' : '-dirty');
}

const CLOCK_TICK_MS = 10;

/** User and system time of a process: proc(5), fields 14 and 15. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}
