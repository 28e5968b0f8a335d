import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import { insideNode } from './inside.js';
import type { LabPaths } from './naming.js';

export interface ExecOptions {
  /** Given to the program's stdin. */
  input?: string | Buffer;
  signal?: AbortSignal | undefined;
}

export interface ExecResult {
  /** Exit code, or 128 + the signal's number as in a shell. */
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program in a node as root and gives all it said. */
export async function execInside(
  paths: LabPaths,
  name: string,
  argv: readonly string[],
  { input = '', signal }: ExecOptions = {},
): Promise<ExecResult> {
  const [command, ...args] = insideNode(paths, name, argv);
  const child = spawn(command, args, { stdio: 'pipe', signal });
  // A program need not read its stdin.
  child.stdin.on('error', () => {}).end(input);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exitCode(once(child, 'close')),
  ]);
  return { code, stdout, stderr };
}

/** The same with this process' own stdin, stdout and stderr. */
export async function execAttached(paths: LabPaths, name: string, argv: readonly string[]): Promise<number> {
  const [command, ...args] = insideNode(paths, name, argv);
  // The terminal's signals reach the program as well, and it is the program that decides about them.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => {});
  return exitCode(once(spawn(command, args, { stdio: 'inherit' }), 'close'));
}

async function exitCode(closed: Promise<unknown[]>): Promise<number> {
  const [code, signal] = await closed;
  if (typeof code === 'number') return code;
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}
