import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '../..');

/** Outlives its owner and removes the owner's lab then; nothing can be left behind, whatever way the owner dies. */
export interface Guard {
  /** The lab is gone, or no longer the owner's. */
  dismiss(): void;
}

/** Waits for the end of a pipe that only this process holds open: a dismissal is a line, death is just the end. */
export function setGuard(lab: string): Guard {
  const script = 'read -r _ || exec "$@"';
  const remove = [join(REPOSITORY, 'node_modules/.bin/tsx'), join(REPOSITORY, 'lab/cli.ts'), '--lab', lab, 'down'];
  const guard: ChildProcess = spawn('sh', ['-c', script, 'sh', ...remove], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: REPOSITORY,
  });
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return { dismiss: () => guard.stdin?.end('\n') };
}
