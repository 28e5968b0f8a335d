import { setTimeout as delay } from 'node:timers/promises';
import { DisklessError } from '../../errors.js';
import { hasCode } from '../../kube/api-errors.js';
import type { KubeClient } from '../../kube/client.js';
import type { KubeObject } from '../../kube/objects.js';
import { resourcePath } from '../../kube/paths.js';
import { watch } from '../../kube/watch.js';
import { NAMESPACE } from './manifests.js';

const NAMESPACES = resourcePath({ apiVersion: 'v1', resource: 'namespaces' });
const OURS = resourcePath({ apiVersion: 'v1', resource: 'namespaces', name: NAMESPACE });
const ACCOUNTS = resourcePath({ apiVersion: 'v1', resource: 'serviceaccounts', namespace: NAMESPACE });

export interface NamespaceOptions {
  client: KubeClient;
  signal: AbortSignal;
}

const REMOVAL_TIMEOUT_MS = 120_000;
const ACCOUNT_TIMEOUT_MS = 30_000;

/** An empty namespace of our own: what a run that died left behind goes first. */
export async function prepareNamespace({ client, signal }: NamespaceOptions): Promise<void> {
  await removeNamespace({ client, signal });
  await client.create<KubeObject>(
    NAMESPACES,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { signal },
  );
  // No pod is admitted before its service account exists.
  await untilSeen({ client, signal, path: ACCOUNTS, name: 'default', wanted: 'present', ms: ACCOUNT_TIMEOUT_MS });
}

/** Deletes it with everything in it and waits until it is gone; nothing to do when there is none. */
export async function removeNamespace({ client, signal }: NamespaceOptions): Promise<void> {
  try {
    await client.delete(OURS, { signal });
  } catch (error) {
    if (hasCode(error, 'kube-not-found')) return;
    // It is being deleted already.
    if (!hasCode(error, 'kube-conflict')) throw error;
  }
  // Pods of a node that was lost would be waited for until it came back.
  await client.delete(`${OURS}/pods`, { query: { gracePeriodSeconds: 0 }, signal });
  await untilSeen({ client, signal, path: NAMESPACES, name: NAMESPACE, wanted: 'absent', ms: REMOVAL_TIMEOUT_MS });
}

interface Awaited extends NamespaceOptions {
  path: string;
  name: string;
  wanted: 'present' | 'absent';
  ms: number;
}

async function untilSeen({ client, signal, path, name, wanted, ms }: Awaited): Promise<void> {
  const limit = new AbortController();
  const timeUp = delay(ms, undefined, { signal: limit.signal }).then(
    () => limit.abort(timedOut(name, wanted, ms)),
    () => undefined,
  );
  try {
    const fieldSelector = `metadata.name=${name}`;
    const events = watch<KubeObject>({ client, path, fieldSelector, signal: AbortSignal.any([signal, limit.signal]) });
    for await (const event of events) {
      const present = event.type === 'listed' ? event.items.length > 0 : event.type !== 'deleted';
      if (present === (wanted === 'present')) return;
    }
  } finally {
    limit.abort();
    await timeUp;
  }
}

function timedOut(name: string, wanted: Awaited['wanted'], ms: number): DisklessError {
  return new DisklessError({
    code: 'bench-namespace',
    message: `${name} was not ${wanted} within ${ms / 1000} s while the namespace ${NAMESPACE} was prepared`,
    hint: 'is kube-controller-manager healthy? k8s-diskless up checks and repairs it',
  });
}
