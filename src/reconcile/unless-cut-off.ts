import { tellingWhy } from '../runner/long-waits.js';
import type { FailedGiving, StepPlace, StepResult } from '../runner/sequence.js';
import type { Pass } from './context.js';
import type { CutOff } from './link-watch.js';

/** For what is left half-done to be taken back. */
const CLEAN_UP_MS = 5_000;

type StepRun<Context, Result> = (context: Context, place: StepPlace) => Promise<Result>;

/** A step that waits for what needs the other nodes: it ends when its node turns out to be cut off from them. */
export function unlessCutOff<Context extends Pass, Result extends StepResult>(
  run: StepRun<Context, Result>,
): StepRun<Context, Result> {
  return async (context, place) => {
    const { links, options } = context;
    const before = links.found(place.node);
    if (before) throw before.error();
    const over = new AbortController();
    const done = new AbortController();
    const signal = AbortSignal.any([place.signal, over.signal]);
    const work = run({ ...context, signal }, { ...place, signal });
    let found: CutOff | undefined;
    const onSuspicion = tellingWhy('links');
    const cut = links.cutOff(place.node, { signal: done.signal, onSuspicion }).then(async (cutOff) => {
      found = cutOff;
      const why = new Error(`${place.node} is cut off`);
      over.abort(why);
      const sleep = options.clock.sleep(CLEAN_UP_MS, AbortSignal.any([context.signal, done.signal]));
      await Promise.race([work, sleep]).catch(() => undefined);
      throw why;
    });
    try {
      const result = await Promise.race([work, cut]);
      if (found && isFailed(result)) return Object.assign({}, result, { error: found.error() });
      // The link healed in the last moment.
      found?.refute();
      return result;
    } catch (error) {
      // However the work words its end. Told only now: who heard it first may still have succeeded.
      throw found?.error() ?? error;
    } finally {
      done.abort();
    }
  };
}

function isFailed(result: StepResult): result is FailedGiving<unknown> {
  return typeof result !== 'string' && result.outcome === 'failed';
}
