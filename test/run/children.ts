import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a child that was told to end may still need to take its lab down. */
const GRACE_MS = 30_000;
/** Nobody tells when the last of a process group has ended. */
const LOOK_MS = 50;

export interface Children {
  /** Resolves to whether the command ended well, once nothing that it started is left after an interrupt. */
  run(command: readonly string[], env?: NodeJS.ProcessEnv): Promise<boolean>;
  /** Ends what runs, with all that it started, and lets nothing more begin. */
  interrupt(): void;
  readonly interrupted: boolean;
}

/** Runs commands one after another, each the head of a process group that can be ended as one. */
export function createChildren(graceMs = GRACE_MS): Children {
  let current: number | undefined;
  let interrupted = false;
  return {
    async run([program = '', ...args], env = process.env) {
      if (interrupted) return false;
      const child = spawn(program, args, { env, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
      current = child.pid;
      const ok = await new Promise<boolean>((resolve) => {
        child.once('error', (error) => {
          process.stderr.write(`${program}: ${error.message}\n`);
          resolve(false);
        });
        child.once('exit', (code) => resolve(code === 0));
      });
      if (interrupted && child.pid !== undefined) await end(child.pid, graceMs);
      current = undefined;
      return ok && !interrupted;
    },
    interrupt() {
      interrupted = true;
      if (current === undefined) return;
      signal(current, 'SIGTERM');
      void end(current, graceMs);
    },
    get interrupted() {
      return interrupted;
    },
  };
}

/** Waits for the end of a group, and makes it when it takes too long. */
async function end(group: number, graceMs: number): Promise<void> {
  for (let waited = 0; waited < graceMs; waited += LOOK_MS) {
    if (!signal(group, 0)) return;
    await sleep(LOOK_MS);
  }
  signal(group, 'SIGKILL');
}

/** Whether there is anybody to get it. */
function signal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
