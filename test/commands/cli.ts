import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../artifacts/fixtures.js';
import { KEYS } from '../boot/fixture.js';
import { PROGRAM } from '../helpers/program.js';

export interface Finished {
  exit: number | null;
  stdout: string;
  stderr: string;
}

/** Someone with a home, a cache and a state directory of their own, and one SSH key. */
export interface Operator {
  home: string;
  stateDir: string;
  run: (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<Finished>;
  /** Starts the program and leaves it running; it is gone after the test. */
  start: (args: readonly string[]) => Running;
}

export interface Running {
  child: ChildProcess;
  /** The next line of stdout that passes. */
  line: (passes: (line: string) => boolean) => Promise<string>;
  finished: Promise<Finished>;
}

export function createOperator(): Operator {
  const home = temporaryDirectory();
  mkdirSync(join(home, '.ssh'));
  writeFileSync(join(home, '.ssh/id.pub'), `${KEYS[0]}\n`);
  const stateDir = join(home, 'state');
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    K8S_DISKLESS_STATE_DIR: stateDir,
  };
  const start = (args: readonly string[], more: NodeJS.ProcessEnv = {}): Running => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { env: { ...env, ...more } });
    onTestFinished(() => void child.kill('SIGKILL'));
    return watch(child);
  };
  return { home, stateDir, start, run: (args, more) => start(args, more).finished };
}

function watch(child: ReturnType<typeof spawn>): Running {
  const stdout: string[] = [];
  let stderr = '';
  const waiting = new Set<(line: string) => void>();
  const reader = child.stdout && createInterface(child.stdout);
  reader?.on('line', (line) => {
    stdout.push(line);
    for (const look of [...waiting]) look(line);
  });
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const finished = once(child, 'close').then(([exit]) => ({
    exit: exit as number | null,
    stdout: stdout.map((line) => `${line}\n`).join(''),
    stderr,
  }));
  const line: Running['line'] = async (passes) => {
    const seen = stdout.find(passes);
    if (seen !== undefined) return seen;
    const coming = new Promise<string>((resolve) => {
      const look = (text: string): void => {
        if (!passes(text)) return;
        waiting.delete(look);
        resolve(text);
      };
      waiting.add(look);
    });
    const ended = finished.then(({ exit }) => Promise.reject(new Error(`it ended with ${exit} before: ${stderr}`)));
    return Promise.race([coming, ended]);
  };
  return { child, line, finished };
}
