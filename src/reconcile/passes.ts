import { runSequence, type StepReport } from '../runner/run-sequence.js';
import type { Reconciliation } from './reconciliation.js';
import { openPass, type Run } from './run.js';
import type { upSequence } from './up-sequence.js';

/** A node that reboots again and again must not keep a run from ending. */
const MOST_PASSES = 3;

/**
 * One pass is the rule. Another follows for whoever could not be judged in it: a member that lost its data while the
 * others had to be brought up first, a worker that answered late, a node that rebooted in the middle.
 */
export async function passes(
  run: Run,
  steps: typeof upSequence,
): Promise<{ context: Reconciliation; reports: StepReport[] }> {
  const { bus, signal, options } = run;
  for (let pass = 1; ; pass++) {
    const last = pass === MOST_PASSES;
    const context = openPass(run, { first: pass === 1, last });
    const reports = await runSequence({ steps, nodes: options.spec.nodes, context, bus, signal });
    context.readiness.end();
    for (const { node, error } of reports) if (error?.code === 'rebooted') context.again.add(`${node}: it rebooted`);
    const done = context.again.size === 0 || run.command === 'plan' || signal.aborted || last;
    if (done || reports.some(({ node, error }) => node === '' && error)) return { context, reports };
    const message = `once more for ${[...context.again].join('; ')}`;
    bus.emit({ type: 'note', level: 'info', code: 'another-pass', message });
  }
}
