import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { openContent } from '../app/content.js';
import { livingContext } from '../app/living-context.js';
import type { SourceRequest } from '../app/requests.js';
import { stateOf } from '../app/state-of.js';
import { findKubectl } from '../artifacts/kubectl.js';
import { type RecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import { interruptible } from './interrupt.js';
import type { ClusterFlags } from './options.js';
import { artifactLines } from './view.js';

/** Runs kubectl with the admin kubeconfig, through a control plane that lives. Its exit code becomes ours. */
export async function kubectlCommand(args: readonly string[], flags: ClusterFlags & SourceRequest): Promise<number> {
  const cluster = await recordedCluster(stateOf(flags));
  const { program, context } = await interruptible(async (signal) => ({
    program: await kubectlProgram(cluster, flags, signal),
    context: await livingContext(cluster, signal),
  }));
  return runInForeground(program, ['--kubeconfig', cluster.state.kubeconfig, '--context', context, ...args]);
}

/** The exit code is the program's, or as shells have it 128 and the number of the signal that ended it. */
export async function runInForeground(program: string, args: readonly string[]): Promise<number> {
  let child: ChildProcess | undefined;
  // The terminal sends Ctrl-C to the program as well; it decides what that means. SIGTERM comes to us alone.
  const ignore = (): void => {};
  const passOn = (): void => void child?.kill('SIGTERM');
  // Before the program lives: a signal that comes with its first output must not end us and leave it behind.
  process.on('SIGINT', ignore);
  process.on('SIGTERM', passOn);
  try {
    child = spawn(program, args, { stdio: 'inherit' });
    await once(child, 'exit');
    return child.exitCode ?? 128 + (child.signalCode === null ? 0 : constants.signals[child.signalCode]);
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGTERM', passOn);
  }
}

async function kubectlProgram(
  { record }: RecordedCluster,
  { artifacts, mirror }: SourceRequest,
  signal: AbortSignal,
): Promise<string> {
  const { cache, source, progress } = await openContent(
    { ...(artifacts !== undefined && { artifacts }), ...(mirror !== undefined && { mirror }) },
    { progress: artifactLines(), signal, recheck: false },
  );
  const platform = { os: process.platform, arch: process.arch };
  const { program, insteadOf } = await findKubectl({
    version: record.spec.kubernetes,
    source,
    cache,
    env: process.env,
    platform,
    progress,
    signal,
  });
  if (insteadOf) process.stderr.write(`${insteadOf.message}: using ${program}\n`);
  return program;
}
