import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { DisklessError } from '../errors.js';
import type { CopyTarget } from './copy-target.js';
import type { KeptSnapshot } from './retention.js';

export interface CommandOptions {
  /** Program and arguments; no shell reads them. */
  command: readonly string[];
  env: NodeJS.ProcessEnv;
  /** What was given to it before: nobody can ask it. */
  given: readonly KeptSnapshot[];
  /** It has this long for each part of what it reads, and to end after the last. */
  stallMs: number;
}

const TOLD_BYTES = 2000;

/** A program that reads each copy on its standard input and ends with 0 when it has it. */
export function copyToCommand({ command, env, given, stallMs }: CommandOptions): CopyTarget {
  const [program = '', ...args] = command;
  return {
    present: () => Promise.resolve([...given]),
    tidy: () => Promise.resolve(),
    async put(name, chunks, signal) {
      // A group of its own: what it started must not take a copy that broke off for a whole one.
      const child = spawn(program, args, {
        env: { ...env, K8S_DISKLESS_COPY_NAME: name },
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: true,
      });
      const watch = watching(child, stallMs, signal);
      try {
        await feed(child, chunks, watch);
        const problem = await watch.closed;
        if (problem !== undefined) throw failed(program, problem, watch.told());
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Gone)) throw error;
        const problem = (await watch.closed) ?? 'it ended before it had read all of it';
        throw failed(program, problem, watch.told());
      } finally {
        watch.stop();
        killGroup(child);
      }
    },
  };
}

/** It reads no more. */
class Gone extends Error {}

type Watch = ReturnType<typeof watching>;

async function feed({ stdin }: ChildProcess, chunks: AsyncIterable<Uint8Array>, watch: Watch): Promise<void> {
  if (stdin === null) return;
  const broken = once(stdin, 'error').then(() => Promise.reject(new Gone()));
  const gone = watch.closed.then(() => Promise.reject(new Gone()));
  for (const each of [broken, gone]) each.catch(() => undefined);
  watch.alive();
  for await (const chunk of chunks) {
    if (!stdin.write(chunk)) await Promise.race([drained(stdin), broken, gone]);
    watch.alive();
  }
  stdin.end();
}

/** A wait for an event ends with an error of the stream, too. */
const drained = (stdin: Writable): Promise<unknown> => once(stdin, 'drain').catch(() => Promise.reject(new Gone()));

/** `closed` is why it is no success, or undefined. What stalls is killed. */
function watching(child: ChildProcess, stallMs: number, signal: AbortSignal) {
  let told = '';
  let timer: NodeJS.Timeout | undefined;
  let stalled = false;
  child.stderr?.on('data', (data: Buffer) => {
    told = `${told}${data}`.slice(-TOLD_BYTES);
  });
  const closed = new Promise<string | undefined>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => resolve(`it does not start (${error.code})`));
    child.on('close', (code, by) => {
      if (stalled) resolve(`it took nothing for ${stallMs / 1000} s`);
      else resolve(code === 0 ? undefined : `it ended with ${code ?? by}`);
    });
  });
  const kill = (): void => killGroup(child);
  signal.addEventListener('abort', kill, { once: true });
  return {
    closed,
    told: () => told.trim(),
    alive() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        stalled = true;
        kill();
      }, stallMs);
    },
    stop() {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
    },
  };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function failed(program: string, why: string, told: string): DisklessError {
  return new DisklessError({
    code: 'copy-command',
    message: `${program} did not take the copy: ${why}`,
    hint: 'it is given the copy on its standard input, and K8S_DISKLESS_COPY_NAME as a name for it; the next run tries again',
    ...(told !== '' && { detail: told }),
  });
}
