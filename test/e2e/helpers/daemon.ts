import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PROGRAM } from '../../helpers/program.js';
import type { Operator } from './cli.js';

/** `k8s-diskless serve` beside the test. */
export interface Daemon {
  pid: number;
  /** All it said so far. */
  said(): string;
  /** Resolves with the line at the first that matches from now on, or was said since the last one that was waited for. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves to its exit code, null where a signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

/** @throws when it ends while something is waited for, with all that it said */
export function startDaemon(operator: Operator, args: readonly string[] = []): Daemon {
  const child = spawn(process.execPath, [PROGRAM, 'serve', ...args], { env: operator.env });
  const lines: string[] = [];
  const looking = new Set<() => void>();
  let heard = 0;
  const hear = (line: string): void => {
    lines.push(line);
    for (const look of [...looking]) look();
  };
  createInterface({ input: child.stdout }).on('line', hear);
  createInterface({ input: child.stderr }).on('line', hear);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const said = () => lines.join('\n');
  return {
    pid: child.pid ?? 0,
    said,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const at = lines.findIndex((line, index) => index >= heard && pattern.test(line));
          if (at < 0) return;
          heard = at + 1;
          looking.delete(look);
          resolve(lines[at] ?? '');
        };
        looking.add(look);
        look();
        void closed.then(([code]) => reject(new Error(`serve ended (${code}) before ${pattern}:\n${said()}`)));
      }),
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = await closed;
      return code;
    },
    kill: (signal) => void child.kill(signal),
  };
}
