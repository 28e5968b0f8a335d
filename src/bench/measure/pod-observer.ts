import type { DisklessError } from '../../errors.js';
import type { KubeClient } from '../../kube/client.js';
import { resourcePath } from '../../kube/paths.js';
import { watch } from '../../kube/watch.js';
import type { PodSample } from '../record/pods-schema.js';
import { KIND, NAMESPACE, type Pod } from './manifests.js';
import { complaintOf, stagesReached } from './pod-stages.js';
import type { RunClock } from './run-clock.js';

export const PODS = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace: NAMESPACE });

export interface PodObserverOptions {
  client: KubeClient;
  clock: RunClock;
  signal: AbortSignal;
}

/** Watches timed pods and fills in their samples; every moment is when the socket delivered the event. */
export class PodObserver {
  /** Interruptions since they were last taken: events between may have come late. */
  #interruptions: string[] = [];
  readonly #samples = new Map<string, PodSample>();
  /** Followed pods that have not been deleted. */
  readonly #present = new Set<string>();
  readonly #waiting = new Map<string, () => void>();
  readonly #gone = new Map<string, () => void>();
  readonly #clock: RunClock;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  #failed: unknown;
  #ended = false;

  constructor({ client, clock, signal }: PodObserverOptions) {
    this.#clock = clock;
    const both = AbortSignal.any([signal, this.#stop.signal]);
    this.#watching = this.#watch(client, both).catch((error: unknown) => {
      this.#ended = true;
      if (!both.aborted) this.#failed = error;
      for (const wake of [...this.#waiting.values(), ...this.#gone.values()]) wake();
    });
  }

  /** From now on the pod's events are taken down in the sample. */
  follow(sample: PodSample): void {
    this.#samples.set(sample.name, sample);
    this.#present.add(sample.name);
  }

  /** Whatever the pod still becomes comes too late: its sample stays as it is. */
  conclude({ name }: PodSample): void {
    this.#samples.delete(name);
  }

  /** Until the pod is Ready, has failed, or the time is up. @throws what ended the watch */
  async settled({ name, at }: PodSample, timeoutMs: number): Promise<void> {
    if (at.ready === null) await this.#until(this.#waiting, name, timeoutMs);
    if (this.#failed !== undefined) throw this.#failed;
  }

  /** Until a pod under deletion has left its node and the API. @returns false when the time was up before */
  async left(name: string, timeoutMs: number): Promise<boolean> {
    if (this.#present.has(name)) await this.#until(this.#gone, name, timeoutMs);
    return !this.#present.has(name);
  }

  /** It was never made. */
  forget({ name }: PodSample): void {
    this.#samples.delete(name);
    this.#absent(name);
  }

  takeInterruptions(): string[] {
    return this.#interruptions.splice(0);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #until(waiters: Map<string, () => void>, name: string, timeoutMs: number): Promise<void> {
    if (this.#ended) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      waiters.set(name, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    waiters.delete(name);
  }

  async #watch(client: KubeClient, signal: AbortSignal): Promise<void> {
    const onInterrupted = ({ message }: DisklessError): void => void this.#interruptions.push(message);
    const events = watch<Pod>({ client, path: PODS, labelSelector: `${KIND}=timed`, signal, onInterrupted });
    for await (const event of events) {
      const at = this.#clock.at(event.receivedNs);
      if (event.type === 'listed') for (const pod of event.items) this.#take(pod, at);
      else if (event.type === 'deleted') this.#deleted(event.object.metadata.name);
      else this.#take(event.object, at);
    }
  }

  #take(pod: Pod, at: number): void {
    const { name } = pod.metadata;
    const sample = this.#samples.get(name);
    if (sample === undefined) return;
    sample.node = pod.spec.nodeName ?? sample.node;
    for (const stage of stagesReached(pod)) sample.at[stage] ??= at;
    if (sample.at.ready === null) sample.failure = complaintOf(pod) ?? null;
    else sample.failure = null;
    if (sample.at.ready !== null) this.#waiting.get(name)?.();
  }

  #deleted(name: string): void {
    const sample = this.#samples.get(name);
    if (sample?.at.ready === null) sample.failure ??= 'it was deleted before it was Ready';
    this.#samples.delete(name);
    this.#waiting.get(name)?.();
    this.#absent(name);
  }

  #absent(name: string): void {
    this.#present.delete(name);
    this.#gone.get(name)?.();
  }
}
