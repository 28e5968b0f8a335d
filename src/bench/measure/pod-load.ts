import { toDisklessError } from '../../errors.js';
import { hasCode, isPassing } from '../../kube/api-errors.js';
import type { KubeClient } from '../../kube/client.js';
import { resourcePath } from '../../kube/paths.js';
import type { PodSample } from '../record/pods-schema.js';
import { type POD_LOADS, STAGES } from '../record/terms.js';
import { NAMESPACE, type Pod, timedPod } from './manifests.js';
import type { LagMeter } from './observer-lag.js';
import { openLoop } from './open-loop.js';
import { PODS, type PodObserver } from './pod-observer.js';
import type { RunClock } from './run-clock.js';

export interface PodLoadOptions {
  client: KubeClient;
  observer: PodObserver;
  clock: RunClock;
  /** Of the operator, while pods start. */
  lag: Pick<LagMeter, 'during'>;
  image: string;
  /** Nothing but tainted nodes. */
  tolerate: boolean;
  /** A quota demands a limit on processor time. */
  limitsCpu: boolean;
  timeoutMs: number;
  /** Filled as pods are sent, so that a run that is cut short keeps them. */
  samples: PodSample[];
  signal: AbortSignal;
}

export interface PodBatch {
  round: number;
  load: (typeof POD_LOADS)[number];
  /** One for each pod: the node it is meant for, or null to let the scheduler choose. */
  nodes: readonly (string | null)[];
  /** Infinity: all at once. */
  perSecond: number;
}

/** Removing pods is not measured; whatever is left goes with the namespace. */
const REMOVAL_TIMEOUT_MS = 120_000;

/**
 * Starts pods on a timetable, waits for each within its time, and removes them again.
 *
 * @returns names of pods that their kubelets did not remove in time: they disturb what is measured next
 */
export async function runPodLoad(options: PodLoadOptions, batch: PodBatch): Promise<string[]> {
  return removePods(options, await options.lag.during(() => startPods(options, batch)));
}

/** @returns those that there are then, Ready or not */
async function startPods(options: PodLoadOptions, batch: PodBatch): Promise<PodSample[]> {
  const { observer, clock, signal, timeoutMs, samples } = options;
  const { round, load, nodes, perSecond } = batch;
  const made: PodSample[] = [];
  await openLoop({
    clock,
    count: nodes.length,
    perSecond,
    signal,
    act: async (index, intended) => {
      const node = nodes[index] ?? null;
      const sample = blankSample({ name: `${load}-${round}-${index}`, round, load, node, intended });
      samples.push(sample);
      observer.follow(sample);
      if (await send(options, sample, node)) {
        made.push(sample);
        await observer.settled(sample, timeoutMs - (clock.now() - intended));
      } else observer.forget(sample);
      sample.observedUntil = clock.now();
      observer.conclude(sample);
      if (sample.at.ready === null) sample.failure ??= `it was not Ready within ${timeoutMs / 1000} s`;
    },
  });
  return made;
}

type Blank = Pick<PodSample, 'name' | 'round' | 'load' | 'node' | 'intended'>;

function blankSample(sample: Blank): PodSample {
  const at = Object.fromEntries(STAGES.map((stage) => [stage, null])) as PodSample['at'];
  return { ...sample, at, observedUntil: sample.intended, failure: null };
}

/**
 * A refusal belongs to the pod, not to the run: it never started. Where only the answer was lost, the pod may well have
 * been made: the watch will tell.
 *
 * @returns false when it certainly was not made
 */
async function send(options: PodLoadOptions, sample: PodSample, node: string | null): Promise<boolean> {
  const { client, clock, image, tolerate, limitsCpu, timeoutMs, signal } = options;
  const object = timedPod({ name: sample.name, image, tolerate, limitsCpu, ...(node !== null && { node }) });
  sample.at.sent = clock.now();
  try {
    await client.create<Pod>(PODS, object, { signal, timeoutMs });
    sample.at.accepted = clock.now();
    return true;
  } catch (error) {
    signal.throwIfAborted();
    sample.failure = toDisklessError(error).message;
    return isPassing(error);
  }
}

/** With a grace period, so that its kubelet takes a pod down before it is gone from the API. */
async function removePods(
  { client, observer, signal }: PodLoadOptions,
  samples: readonly PodSample[],
): Promise<string[]> {
  const lingering = samples.map(async (sample) => {
    const { name } = sample;
    const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace: NAMESPACE, name });
    const left = observer.left(name, REMOVAL_TIMEOUT_MS);
    await client.delete(path, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      // One that somebody else deleted, or that never was, is gone as well.
      if (hasCode(error, 'kube-not-found')) observer.forget(sample);
    });
    return (await left) ? [] : [name];
  });
  return (await Promise.all(lingering)).flat();
}
