import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { DisklessError } from '../../src/errors.js';

export interface CommandOptions {
  command: string;
  args: readonly string[];
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>;
  /** Called with every line of stdout as it comes. */
  onLine?: (line: string) => void;
  /** Ends the program and all it started with SIGTERM. */
  signal?: AbortSignal | undefined;
}

/** How many lines of stderr an error carries. */
const DETAIL_LINES = 40;

/** Runs a program of this machine to its end and gives its stdout. */
export async function runCommand(options: CommandOptions): Promise<string> {
  const { command, args, onLine, signal } = options;
  signal?.throwIfAborted();
  // A process group of its own, so that an abort reaches compilers and chroots further down too.
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  const stop = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  createInterface(child.stdout).on('line', (line) => {
    stdout.push(line);
    onLine?.(line);
  });
  createInterface(child.stderr).on('line', (line) => {
    stderr.push(line);
    if (stderr.length > DETAIL_LINES) stderr.shift();
  });
  try {
    const [code, killedBy] = await once(child, 'close');
    signal?.throwIfAborted();
    if (code !== 0) throw commandFailed({ command, outcome: killedBy ?? `exit code ${code}`, detail: stderr });
    return stdout.join('\n');
  } catch (error) {
    throw isMissing(error) ? toolMissing(command, error) : error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function commandFailed(failure: { command: string; outcome: string; detail: string[] }): DisklessError {
  return new DisklessError({
    code: 'lab-command-failed',
    message: `${failure.command} failed (${failure.outcome})`,
    detail: failure.detail.join('\n'),
  });
}

function toolMissing(command: string, cause: unknown): DisklessError {
  return new DisklessError({
    code: 'lab-tool-missing',
    message: `the lab needs the program ${command}, which is not installed`,
    hint: 'run: sh lab/setup.sh',
    cause,
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT' && 'syscall' in error;
}
