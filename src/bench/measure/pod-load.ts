import { toDisklessError } from '../../errors.js';
import type { KubeClient } from '../../kube/client.js';
import { resourcePath } from '../../kube/paths.js';
import type { PodSample } from '../record/pods-schema.js';
import type { POD_LOADS, Stage } from '../record/terms.js';
import { NAMESPACE, type Pod, timedPod } from './manifests.js';
import { openLoop } from './open-loop.js';
import { PODS, type PodObserver } from './pod-observer.js';
import type { RunClock } from './run-clock.js';

export interface PodLoadOptions {
  client: KubeClient;
  observer: PodObserver;
  clock: RunClock;
  stages: readonly Stage[];
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
const REMOVAL_TIMEOUT_MS = 20_000;

/** Starts pods on a timetable, waits for each within its time, and removes them again. */
export async function runPodLoad(options: PodLoadOptions, batch: PodBatch): Promise<void> {
  const { observer, clock, signal, timeoutMs, samples } = options;
  const { round, load, nodes, perSecond } = batch;
  const ours: PodSample[] = [];
  await openLoop({
    clock,
    count: nodes.length,
    perSecond,
    signal,
    act: async (index, intended) => {
      const node = nodes[index] ?? null;
      const sample = blankSample(options.stages, { name: `${load}-${round}-${index}`, round, load, node, intended });
      samples.push(sample);
      ours.push(sample);
      observer.follow(sample);
      if (await send(options, sample, node)) await observer.settled(sample, timeoutMs - (clock.now() - intended));
      sample.observedUntil = clock.now();
      if (sample.at.ready === null) sample.failure ??= `it was not Ready within ${timeoutMs / 1000} s`;
    },
  });
  await removePods(options, ours);
}

type Blank = Pick<PodSample, 'name' | 'round' | 'load' | 'node' | 'intended'>;

function blankSample(stages: readonly Stage[], sample: Blank): PodSample {
  const at = Object.fromEntries(stages.map((stage) => [stage, null])) as PodSample['at'];
  return { ...sample, at, observedUntil: sample.intended, failure: null };
}

/** A refusal belongs to the pod, not to the run: it never started. */
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
    return false;
  }
}

async function removePods({ client, observer, signal }: PodLoadOptions, samples: readonly PodSample[]): Promise<void> {
  const accepted = samples.filter(({ at }) => at.accepted !== null);
  await Promise.all(
    accepted.map(async ({ name }) => {
      const gone = observer.removed(name, REMOVAL_TIMEOUT_MS);
      const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace: NAMESPACE, name });
      // One that somebody else deleted meanwhile is gone as well.
      await client.delete(path, { query: { gracePeriodSeconds: 0 }, signal }).catch(() => signal.throwIfAborted());
      await gone;
    }),
  );
}
