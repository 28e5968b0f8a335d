import type { BroughtUp } from '../app/bring-up.js';
import { EXIT } from '../errors.js';
import { tellLine } from './view.js';

/**
 * Each stage of an upgrade is a run of its own, as `up` makes one: whatever interrupts it, the next one goes on. Where
 * there is no upgrade, one run.
 *
 * @returns the last run
 */
export async function throughStages(run: () => Promise<BroughtUp>): Promise<BroughtUp> {
  for (;;) {
    const done = await run();
    if (done.result.exit !== EXIT.done && done.inputs.record?.upgrade)
      tellLine('the upgrade is not finished: the next upgrade, or up, goes on from here');
    if (done.upgrade === 'finished') tellLine('the upgrade is finished');
    if (done.upgrade === undefined || done.upgrade === 'finished') return done;
  }
}
