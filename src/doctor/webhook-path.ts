import { setTimeout as delay } from 'node:timers/promises';
import { untilAborted } from '../abort.js';
import { DisklessError } from '../errors.js';
import { hasCode } from '../kube/api-errors.js';
import type { KubeClient } from '../kube/client.js';
import type { KubeObject } from '../kube/objects.js';
import { resourcePath } from '../kube/paths.js';
import type { Listener } from './listener.js';
import { doctorLease, doctorWebhook, NAMESPACE } from './manifests.js';
import type { Failure, Tally } from './report.js';
import { type StandingNode, WEBHOOKS } from './site.js';

export interface WebhookPathOptions {
  /** Of the apiserver of each control plane. */
  apiServers: readonly { name: string; client: KubeClient }[];
  /** The pod behind the webhook's service is on the last one. */
  nodes: readonly StandingNode[];
  signal: AbortSignal;
}

const LEASES = resourcePath({ apiVersion: 'coordination.k8s.io/v1', resource: 'leases', namespace: NAMESPACE });

/** Until an apiserver has heard of a webhook, and one that does not get through to it has given up. */
const PATIENCE_MS = 20_000;
/** Between two requests to an apiserver that has not heard of the webhook yet. */
const PAUSE_MS = 200;
/** What the node tells of a connection comes over SSH, beside the apiserver's answer. */
const TELLING_MS = 3_000;

/**
 * Whether a connection of each apiserver arrives in the pod of a webhook. Nobody there speaks TLS, so that what is asked
 * for is refused in any case: the connection itself is what is looked for.
 */
export async function webhookPaths({ apiServers, nodes, signal }: WebhookPathOptions): Promise<Tally> {
  const target = nodes.at(-1);
  const [first] = apiServers;
  if (target === undefined || first === undefined) return { asked: 0, failures: [], notAsked: 'no pod is there' };
  await first.client.create<KubeObject>(WEBHOOKS, doctorWebhook(target.name), { signal });
  const failures: Failure[] = [];
  // One after another: a connection does not tell whose it is.
  for (const { name, client } of apiServers) {
    const why = await whyNotReached({ client, listener: target.listener, lease: name, signal });
    const what = `a webhook in the pod of ${target.spec.name} (${target.service.clusterIp})`;
    if (why !== undefined) failures.push({ from: name, to: target.spec.name, what, why });
  }
  return { asked: apiServers.length, failures };
}

interface Reaching {
  client: KubeClient;
  listener: Listener;
  lease: string;
  signal: AbortSignal;
}

async function whyNotReached({ client, listener, lease, signal }: Reaching): Promise<string | undefined> {
  const before = listener.connections;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    for (;;) {
      const refused = await client
        .create(LEASES, doctorLease(lease), { query: { dryRun: 'All' }, signal: limit, timeoutMs: PATIENCE_MS })
        .then(() => undefined, ownRefusal);
      if (refused !== undefined) return (await isTold(listener, before, signal)) ? undefined : refused.message;
      await delay(PAUSE_MS, undefined, { signal: limit });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
    return listener.connections > before ? undefined : 'no request is passed to it';
  }
}

/** A namespace that is just being made takes nothing yet, which says nothing of webhooks. */
function ownRefusal(error: unknown): DisklessError | undefined {
  if (!(error instanceof DisklessError)) throw error;
  return hasCode(error, 'kube-not-found') ? undefined : error;
}

async function isTold(listener: Listener, before: number, signal: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TELLING_MS)]);
  try {
    while (listener.connections <= before) await untilAborted(listener.heard(), limit);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
