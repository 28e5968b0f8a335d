import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeConnector } from '../cluster/node-connector.js';
import { hostKeyPolicyOf } from '../config/ssh-settings.js';
import { PkiStore } from '../pki/store.js';
import type { Beginning } from '../plan/etcd-facts.js';
import type { Unattended } from '../plan/preflight-unattended.js';
import type { Backups } from '../reconcile/backups.js';
import type { ReconcileInput } from '../reconcile/run.js';
import type { ReconcileState } from '../reconcile/state.js';
import type { EventBus } from '../runner/event-bus.js';
import type { RunInputs } from './inputs.js';
import type { ClusterRequest } from './requests.js';

const STALL_TIMEOUT_MS = 10_000;

export interface ReconcileInputOptions {
  command: 'up' | 'plan';
  inputs: RunInputs;
  request: Pick<ClusterRequest, 'verify' | 'newCluster' | 'empty' | 'wait'>;
  backups: Backups;
  state: ReconcileState;
  bus: EventBus;
  unattended?: Unattended | undefined;
  signal: AbortSignal;
}

/** What flags, files and state said, as the reconciler takes it: over SSH, in real time. */
export function reconcileInput({
  command,
  inputs,
  request,
  backups,
  state,
  bus,
  unattended,
  signal,
}: ReconcileInputOptions): ReconcileInput {
  const { spec, record, nodeRecords, jumpHosts } = inputs;
  const onNewJumpHost = (message: string) => bus.emit({ type: 'note', level: 'info', code: 'host-key-new', message });
  return {
    command,
    spec,
    nodeRecords,
    state,
    bus,
    signal,
    ...(record && { record }),
    content: inputs.content,
    networkObjects: inputs.networkObjects,
    open: nodeConnector({
      spec,
      nodeRecords,
      jumpHosts,
      jumpHostsFile: inputs.state.jumpHosts,
      onNewJumpHost,
      identity: unattended?.identity,
    }),
    kubeconfigPath: inputs.state.kubeconfig,
    verifyAll: request.verify,
    discardData: inputs.discardData,
    ...(inputs.recoverFrom && { recoverFrom: inputs.recoverFrom }),
    newCluster: request.newCluster,
    ...beginningOf(inputs, request),
    backups,
    ...(inputs.outdated && { outdated: inputs.outdated }),
    lost: inputs.lost,
    hostKeyPolicy: hostKeyPolicyOf(spec.ssh),
    ...(unattended && { unattended }),
    stallTimeoutMs: STALL_TIMEOUT_MS,
    waitMs: request.wait ?? 0,
    readyTimeoutMs: spec.readyTimeout,
    clock: {
      now: () => Date.now(),
      monotonicMs: () => performance.now(),
      sleep: (ms, abort) => sleep(ms, undefined, { signal: abort }),
    },
    random: randomBytes,
  };
}

/**
 * Checked before anybody is connected to: with authorities that have expired or are another cluster's, no member of etcd
 * would be heard, and silence is no ground to judge on.
 *
 * @throws DisklessError exit 5, as PkiStore.ensure
 */
export async function openPki({ state, record }: RunInputs, mode: 'persistent' | 'memory'): Promise<PkiStore> {
  const clusterExists = (record?.etcd.incarnation ?? 0) > 0;
  const pki = await PkiStore.open({ directory: state.pki, mode, clusterExists, recorded: record?.pki });
  await pki.operatorIdentities();
  return pki;
}

function beginningOf({ snapshot }: RunInputs, { empty }: Pick<ClusterRequest, 'empty'>): { beginning?: Beginning } {
  if (empty === true) return { beginning: 'empty' };
  return snapshot === undefined ? {} : { beginning: 'snapshot' };
}
