import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program that uses the sources, as a process of its own. */
export interface Child {
  process: ChildProcessWithoutNullStreams;
  /** The next line it says. */
  line(): Promise<string>;
  send(command: string): void;
  /** Ends it with SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
}

export function startChild(program: URL, ...args: string[]): Child {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(program), ...args]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  child.stdin.on('error', () => undefined);
  return {
    process: child,
    line: async () => {
      const { done, value } = await lines.next();
      if (done) throw new Error(`${program} ended: ${complaints}`);
      return value;
    },
    send: (command) => child.stdin.write(`${command}\n`),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
