import { controlPlanes } from '../config/spec.js';
import type { Step } from '../runner/sequence.js';
import { afterPass, MOST_PASSES } from './after-pass.js';
import type { Pass, Run } from './context.js';
import type { Outcome } from './outcome.js';
import { type PassResult, runPass } from './pass.js';
import { awaitFacts, dns } from './up-sequence.js';

export interface Passed extends PassResult {
  outcome: Outcome;
}

/** As many passes as it takes; with what became of the last. */
export async function passes(run: Run, command: 'up' | 'plan', steps: readonly Step<Pass>[]): Promise<Passed> {
  const { bus, signal, options, retry } = run;
  for (let pass = 1, isFirst = true; ; isFirst = false) {
    // A plan has no second pass, and a second one is made for those who were too late for the first; but whoever is
    // still booting is not waited for here.
    const patient = command === 'plan' || !(isFirst || retry.hasTime);
    const result = await runPass(run, { steps, isLast: pass === MOST_PASSES, patient });
    const next = afterPass({
      command,
      interrupted: signal.aborted,
      pass,
      hasTime: retry.hasTime,
      controlPlanes: controlPlanes(options.spec).map(({ name }) => name),
      reports: result.reports,
      unread: result.values.of(awaitFacts)?.unread ?? new Map(),
      dnsFails: result.values.of(dns)?.fails === true,
    });
    if ('finish' in next) return { ...result, outcome: next.finish };
    const { because, waitFor } = next.again;
    bus.emit({ type: 'note', level: 'info', code: 'another-pass', message: because });
    if (waitFor.size > 0) await retry.anyConnected(waitFor);
    else pass += 1;
  }
}
