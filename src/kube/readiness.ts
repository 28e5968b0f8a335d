import { DisklessError } from '../errors.js';
import { isPassing } from './api-errors.js';
import { backoffMs, realSleep, type Sleep } from './backoff.js';
import type { KubeClient } from './client.js';

export interface WaitReadyzOptions {
  client: KubeClient;
  signal: AbortSignal;
  timeoutMs: number;
  /** Told of each answer that is no yes. */
  onRefusal?: (answer: string) => void;
  /** Monotonic milliseconds. */
  now?: () => number;
  sleep?: Sleep;
}

/** A refused connection costs a millisecond, and each 100 ms here is 100 ms of `up`: hence no long back-off. */
const BACKOFF = { firstMs: 50, maxMs: 250, factor: 1.3 };
/** An apiserver that accepts and then thinks (etcd not answering) must not use up the whole wait. */
const ATTEMPT_TIMEOUT_MS = 3_000;

/**
 * Asks until the apiserver serves and its bootstrap hooks (RBAC roles, priority classes) are through: nothing outside the
 * process announces it, and systemd's READY=1 does not cover the hooks.
 */
export async function waitReadyz(options: WaitReadyzOptions): Promise<void> {
  const { signal, timeoutMs, now = () => performance.now(), sleep = realSleep } = options;
  const began = now();
  for (let attempts = 1; ; attempts++) {
    const refusal = await askOnce(options);
    if (refusal === undefined) return;
    options.onRefusal?.(refusal);
    if (now() - began >= timeoutMs) throw notReady(options, timeoutMs, refusal);
    await sleep(backoffMs(attempts, BACKOFF), signal);
  }
}

/** What it answered instead of yes; undefined when it said yes. */
async function askOnce({ client, signal }: WaitReadyzOptions): Promise<string | undefined> {
  try {
    const { status, text } = await client.raw('/readyz', { signal, timeoutMs: ATTEMPT_TIMEOUT_MS });
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

function notReady({ client }: WaitReadyzOptions, timeoutMs: number, lastAnswer: string): DisklessError {
  const { label, host } = client.transport;
  return new DisklessError({
    code: 'kube-not-serving',
    message: `${label} did not pass /readyz within ${timeoutMs / 1000} s`,
    ...(host !== undefined && { host }),
    detail: lastAnswer,
    hint: 'its journal tells why: journalctl -u kube-apiserver; a slow machine needs a longer --ready-timeout',
  });
}
