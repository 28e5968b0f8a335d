import type { OnArtifactProgress } from '../artifacts/progress.js';
import { isSnapshotId } from '../backup/snapshot-info.js';
import { usageError } from '../errors.js';
import type { ReconcileResult } from '../reconcile/reconcile.js';
import type { EventSink } from '../runner/events.js';
import { lookingBackups } from './backups-of-run.js';
import { readInputs } from './inputs.js';
import { openPki } from './reconcile-input.js';
import type { ClusterRequest } from './requests.js';
import { runReconcile } from './run-reconcile.js';
import { forgetfulState } from './states.js';

export interface PlanOptions {
  request: ClusterRequest;
  /** Who hears what is found out. */
  sink: EventSink;
  onArtifact: OnArtifactProgress;
  signal: AbortSignal;
}

/** `plan`: what `up` would do. Writes nothing, here or on nodes, and needs no lock. */
export async function plan({ request, sink, onArtifact, signal }: PlanOptions): Promise<ReconcileResult> {
  refuseFile(request);
  const inputs = await readInputs(request, signal, onArtifact);
  const pki = await openPki(inputs, 'memory');
  const backups = lookingBackups({ inputs, pki, now: () => new Date() });
  const state = forgetfulState(pki);
  return runReconcile({ command: 'plan', inputs, request, state, backups, signal, sinks: [sink] });
}

/** It would have to be brought into the store. */
function refuseFile({ snapshot }: ClusterRequest): void {
  if (snapshot === undefined || isSnapshotId(snapshot)) return;
  throw usageError({
    code: 'plan-snapshot-file',
    message: `plan keeps nothing, and ${snapshot} would have to be kept first`,
    hint: `k8s-diskless backups import ${snapshot}, and plan --snapshot with the ID that it prints`,
  });
}
