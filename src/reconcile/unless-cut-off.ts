import { tellingWhy } from '../runner/long-waits.js';
import type { Step } from '../runner/sequence.js';
import type { Reconciliation } from './reconciliation.js';

/** For what is left half-done to be taken back. */
const CLEAN_UP_MS = 5_000;

type Run = Step<Reconciliation>['run'];

/** A step that waits for what needs the other nodes: it ends when its node turns out to be cut off from them. */
export function unlessCutOff(run: Run): Run {
  return async (context, place) => {
    const over = new AbortController();
    const done = new AbortController();
    const signal = AbortSignal.any([place.signal, over.signal]);
    const work = run({ ...context, signal }, { ...place, signal });
    let cutOff: unknown;
    const onSuspicion = tellingWhy('links');
    const cut = context.links.cutOff(place.node, { signal: done.signal, onSuspicion }).catch(async (error: unknown) => {
      cutOff = error;
      over.abort(error);
      const sleep = context.options.clock.sleep(CLEAN_UP_MS, AbortSignal.any([context.signal, done.signal]));
      await Promise.race([work, sleep]).catch(() => undefined);
      throw error;
    });
    try {
      return await Promise.race([work, cut]);
    } catch (error) {
      // However the work words its end.
      throw cutOff ?? error;
    } finally {
      done.abort();
    }
  };
}
