import { setTimeout as delay } from 'node:timers/promises';
import { DisklessError } from '../errors.js';
import { hasCode } from './api-errors.js';
import type { KubeClient } from './client.js';
import type { KubeObject } from './objects.js';
import { resourcePath } from './paths.js';
import { watch } from './watch.js';

/* A namespace in which a command of ours makes what it needs, and which goes with all of it. */

const NAMESPACES = resourcePath({ apiVersion: 'v1', resource: 'namespaces' });

export interface NamespaceOptions {
  client: KubeClient;
  /** Name of the namespace. */
  name: string;
  signal: AbortSignal;
}

const REMOVAL_TIMEOUT_MS = 120_000;
const ACCOUNT_TIMEOUT_MS = 30_000;

/** An empty namespace of our own: what a run that died left behind goes first. */
export async function prepareNamespace(options: NamespaceOptions & { labels?: Record<string, string> }): Promise<void> {
  const { client, name, labels, signal } = options;
  await removeNamespace({ client, name, signal });
  const metadata = { name, ...(labels && { labels }) };
  await client.create<KubeObject>(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata }, { signal });
  // No pod is admitted before its service account exists.
  const path = resourcePath({ apiVersion: 'v1', resource: 'serviceaccounts', namespace: name });
  const wanted = { path, wanted: 'present', ms: ACCOUNT_TIMEOUT_MS } as const;
  await untilSeen({ client, signal, namespace: name, name: 'default', ...wanted });
}

/** Deletes it with everything in it and waits until it is gone; nothing to do when there is none. */
export async function removeNamespace({ client, name, signal }: NamespaceOptions): Promise<void> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'namespaces', name });
  try {
    await client.delete(path, { signal });
  } catch (error) {
    if (hasCode(error, 'kube-not-found')) return;
    // It is being deleted already.
    if (!hasCode(error, 'kube-conflict')) throw error;
  }
  // Pods of a node that was lost would be waited for until it came back.
  await client.delete(`${path}/pods`, { query: { gracePeriodSeconds: 0 }, signal });
  const wanted = { path: NAMESPACES, wanted: 'absent', ms: REMOVAL_TIMEOUT_MS } as const;
  await untilSeen({ client, signal, namespace: name, name, ...wanted });
}

interface Awaited extends NamespaceOptions {
  /** Of the collection that `name` is part of. */
  path: string;
  namespace: string;
  wanted: 'present' | 'absent';
  ms: number;
}

async function untilSeen({ client, signal, path, namespace, name, wanted, ms }: Awaited): Promise<void> {
  const limit = new AbortController();
  const timeUp = delay(ms, undefined, { signal: limit.signal }).then(
    () =>
      limit.abort(
        new DisklessError({
          code: 'namespace-stuck',
          message: `${name} was not ${wanted} within ${ms / 1000} s while the namespace ${namespace} was prepared`,
          hint: 'is kube-controller-manager healthy? k8s-diskless up checks and repairs it',
        }),
      ),
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
