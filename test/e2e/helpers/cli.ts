import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '../../../src/runner/events.js';
import { PROGRAM } from '../../helpers/program.js';

export interface Finished {
  exit: number | null;
  stdout: string;
  stderr: string;
}

/** An operator working on one lab. */
export interface Operator {
  stateDir: string;
  env: NodeJS.ProcessEnv;
  /** Runs k8s-diskless with these arguments and nothing added. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished>;
  /** The same with `--output json`, its events parsed. */
  events(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished & { events: RunEvent[] }>;
  kubectl(...args: string[]): Promise<string>;
  kubectlWith(input: string, ...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** One with a state directory of its own, so that several may come one after the other. */
export async function createOperator(labEnv: NodeJS.ProcessEnv): Promise<Operator> {
  return operatorOf({ ...labEnv, K8S_DISKLESS_STATE_DIR: await mkdtemp(join(tmpdir(), 'k8s-diskless-e2e-')) });
}

/** The one of the lab's own state directory. */
export function operatorOf(labEnv: NodeJS.ProcessEnv): Operator {
  const env: NodeJS.ProcessEnv = { ...process.env, ...labEnv };
  const stateDir = env.K8S_DISKLESS_STATE_DIR ?? '';
  const run: Operator['run'] = (args, more) => execute(process.execPath, [PROGRAM, ...args], { ...env, ...more });
  const kubectlWith = async (input: string, ...args: string[]): Promise<string> => {
    const releases = join(env.K8S_DISKLESS_ARTIFACTS ?? '', 'kubernetes');
    const [version = ''] = await readdir(releases);
    const kubectl = join(releases, version, 'bin/linux/amd64/kubectl');
    const { exit, stdout, stderr } = await execute(
      kubectl,
      ['--kubeconfig', join(stateDir, 'kubeconfig'), ...args],
      env,
      input,
    );
    if (exit !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  };
  return {
    stateDir,
    env,
    run,
    async events(args, more) {
      const finished = await run([...args, '--output', 'json'], more);
      const lines = finished.stdout.split('\n').filter(Boolean);
      return { ...finished, events: lines.map((line) => JSON.parse(line) as RunEvent) };
    },
    kubectl: (...args) => kubectlWith('', ...args),
    kubectlWith,
    remove: () => rm(stateDir, { recursive: true, force: true }),
  };
}

export function execute(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input = '',
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (exit) => resolve({ exit, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** The words a failed expectation needs: what the program itself said, its errors first. */
export function said({ exit, stdout, stderr }: Finished): string {
  const errors = stdout.split('\n').filter((line) => line.includes('"outcome":"failed"'));
  return [`exit ${exit}`, ...errors, stdout.slice(-6000), stderr.slice(-4000)].join('\n');
}
