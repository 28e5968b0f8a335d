import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** What a result was measured on. */
export function machine(): Record<string, unknown> {
  const [first] = cpus();
  const memoryGiB = Math.round(totalmem() / 1024 ** 3);
  return { cpus: cpus().length, model: first?.model, memoryGiB, kernel: release(), node: process.version };
}

/** What was measured: the commit, and whether the tree differs from it. */
export function commit(): string {
  return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
}
