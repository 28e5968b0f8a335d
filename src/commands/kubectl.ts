import { spawn } from 'node:child_process';
import { findKubectl } from '../artifacts/kubectl.js';
import { controlPlanes } from '../config/spec.js';
import { pickLivingContext } from '../kube/living-context.js';
import { PkiStore } from '../pki/store.js';
import { readNodeRecords } from '../state/record-files.js';
import { openContent } from './content.js';
import { interruptible } from './interrupt.js';
import { type RecordedCluster, recordedCluster } from './kubeconfig.js';
import type { ClusterFlags, SourceFlags } from './options.js';
import { artifactLines } from './view.js';

/** Runs kubectl with the admin kubeconfig, through a control plane that lives. Its exit code becomes ours. */
export async function kubectlCommand(args: readonly string[], flags: ClusterFlags & SourceFlags): Promise<number> {
  const cluster = await recordedCluster(flags);
  const { program, context } = await interruptible(async (signal) => ({
    program: await kubectlProgram(cluster, flags, signal),
    context: await livingContext(cluster, signal),
  }));
  const child = spawn(program, ['--kubeconfig', cluster.state.kubeconfig, '--context', context, ...args], {
    stdio: 'inherit',
  });
  // The terminal sends Ctrl-C to kubectl as well; it decides what that means.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

async function kubectlProgram(
  { record }: RecordedCluster,
  { artifacts, mirror }: SourceFlags,
  signal: AbortSignal,
): Promise<string> {
  const { cache, source, progress } = await openContent(
    { ...(artifacts !== undefined && { artifacts }), ...(mirror !== undefined && { mirror }) },
    { progress: artifactLines(), signal, recheck: false },
  );
  const platform = { os: process.platform, arch: process.arch };
  return findKubectl({ version: record.spec.kubernetes, source, cache, env: process.env, platform, progress, signal });
}

async function livingContext({ state, record }: RecordedCluster, signal: AbortSignal): Promise<string> {
  const { spec } = record;
  const records = await readNodeRecords(state);
  const pki = await PkiStore.open({ directory: state.pki, mode: 'memory', clusterExists: true, recorded: record.pki });
  const endpoints = controlPlanes(spec).flatMap(({ name }) => {
    const host = records.get(name)?.nodeIp;
    return host === undefined ? [] : [{ context: `${spec.name}-${name}`, node: name, host, port: spec.apiServer.port }];
  });
  return pickLivingContext({ endpoints, tls: (await pki.operatorIdentities()).kubernetes, signal });
}
