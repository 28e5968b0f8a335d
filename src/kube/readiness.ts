import { DisklessError } from '../errors.js';
import { isPassing } from './api-errors.js';
import { backoffMs, realSleep, type Sleep } from './backoff.js';
import type { KubeClient } from './client.js';

export interface WaitServingOptions {
  client: KubeClient;
  /** `/livez`: it serves; `/readyz`: also its bootstrap hooks (RBAC roles, priority classes) are through. */
  endpoint: '/livez' | '/readyz';
  signal: AbortSignal;
  /** Default 3 min: post-start hooks take 34 s on a busy emulated CPU. */
  timeoutMs?: number;
  /** Monotonic milliseconds. */
  now?: () => number;
  sleep?: Sleep;
}

export interface Serving {
  attempts: number;
  waitedMs: number;
}

/** A refused connection costs a millisecond, and each 100 ms here is 100 ms of `up`: hence no long back-off. */
const BACKOFF = { firstMs: 50, maxMs: 250, factor: 1.3 };
/** An apiserver that accepts and then thinks (etcd not answering) must not use up the whole wait. */
const ATTEMPT_TIMEOUT_MS = 3_000;

/**
 * Asks until the apiserver says yes: nothing outside the process announces that it serves, and systemd's READY=1 does
 * not cover the post-start hooks.
 */
export async function waitServing(options: WaitServingOptions): Promise<Serving> {
  const { signal, timeoutMs = 180_000, now = () => performance.now(), sleep = realSleep } = options;
  const began = now();
  for (let attempts = 1; ; attempts++) {
    const refusal = await askOnce(options);
    const waitedMs = now() - began;
    if (refusal === undefined) return { attempts, waitedMs };
    if (waitedMs >= timeoutMs) throw notServing(options, timeoutMs, refusal);
    await sleep(backoffMs(attempts, BACKOFF), signal);
  }
}

/** What it answered instead of yes; undefined when it said yes. */
async function askOnce({ client, endpoint, signal }: WaitServingOptions): Promise<string | undefined> {
  try {
    const { status, text } = await client.raw(endpoint, { signal, timeoutMs: ATTEMPT_TIMEOUT_MS });
    return status === 200 ? undefined : `HTTP ${status}\n${failingChecks(text)}`;
  } catch (error) {
    signal.throwIfAborted();
    if (isPassing(error)) return error.message;
    throw error;
  }
}

/** The verbose list an apiserver answers with marks what passed with [+]; a person needs the rest. */
function failingChecks(text: string): string {
  const lines = text.split('\n').filter((line) => !line.startsWith('[+]'));
  return lines.join('\n').trim();
}

function notServing({ client, endpoint }: WaitServingOptions, timeoutMs: number, lastAnswer: string): DisklessError {
  const { label, host } = client.transport;
  return new DisklessError({
    code: 'kube-not-serving',
    message: `${label} did not pass ${endpoint} within ${timeoutMs / 1000} s`,
    ...(host !== undefined && { host }),
    detail: lastAnswer,
    hint: 'its journal tells why: journalctl -u kube-apiserver',
  });
}
