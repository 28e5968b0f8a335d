import { isPassingInEtcd } from '../etcd/errors.js';
import { isPassing } from '../kube/api-errors.js';
import type { KubeClient } from '../kube/client.js';
import { waitReadyz } from '../kube/readiness.js';
import { waitsFor } from '../runner/long-waits.js';
import type { Run } from './context.js';

export interface Patience {
  everyMs: number;
  forMs: number;
}

/**
 * While members of etcd come and go (a learner is promoted, a control plane restarts), it and the API answer some requests
 * with errors that a moment later are gone. Neither announces when it is over: an election or two, half a minute where
 * nobody said otherwise, and longer where everything takes longer.
 */
export function shortly({ options }: Pick<Run, 'options'>): Patience {
  return { everyMs: 200, forMs: options.readyTimeoutMs / 6 };
}

/** Repeats idempotent work while its failures are of a kind that passes, until they have not passed for too long. */
export async function retrying<T>(
  { signal, options }: Pick<Run, 'signal' | 'options'>,
  { everyMs, forMs }: Patience,
  passes: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  const { sleep, monotonicMs } = options.clock;
  const deadline = monotonicMs() + forMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!passes(error) || monotonicMs() > deadline) throw error;
      if (error instanceof Error) waitsFor(error.message);
      await sleep(everyMs, signal);
    }
  }
}

/** As long as an apiserver may take that was started: while its hooks run, it answers some requests with errors. */
export function settling<T>(context: Run, work: () => Promise<T>): Promise<T> {
  const patience = { ...shortly(context), forMs: context.options.readyTimeoutMs };
  return retrying(context, patience, isUnsettled, work);
}

/** Until that apiserver serves, its bootstrap included. */
export function untilServing({ options }: Run, client: KubeClient, signal: AbortSignal): Promise<void> {
  const { label } = client.transport;
  const onRefusal = (answer: string): void => waitsFor(`${label}, /readyz: ${answer}`);
  return waitReadyz({ client, signal, timeoutMs: options.readyTimeoutMs, onRefusal });
}

/** Of the API or of etcd itself, and gone a moment later. */
export function isUnsettled(error: unknown): boolean {
  return isPassing(error) || isPassingInEtcd(error);
}

/** Repeats a look until it is satisfactory, or until time is up; resolves to the last one. */
export async function untilSettled<T>(
  context: Run,
  look: () => Promise<T>,
  isSettled: (seen: T) => boolean,
): Promise<T> {
  const { sleep, monotonicMs } = context.options.clock;
  const { everyMs, forMs } = shortly(context);
  const deadline = monotonicMs() + forMs;
  for (;;) {
    const seen = await look();
    if (isSettled(seen) || monotonicMs() > deadline) return seen;
    await sleep(everyMs, context.signal);
  }
}
