import { controlPlanes } from '../config/spec.js';
import { EXIT } from '../errors.js';
import { runSequence, type StepReport } from '../runner/run-sequence.js';
import type { Step } from '../runner/sequence.js';
import type { Reconciliation } from './reconciliation.js';
import { openPass, type Run } from './run.js';
import { isOfBooting } from './waiting-room.js';

/** A node that reboots again and again must not keep a run from ending. */
const MOST_PASSES = 3;

/** The last pass, and what became of every step of it. */
interface Passed {
  context: Reconciliation;
  reports: StepReport[];
}

/**
 * One pass is the rule. Another follows for whoever could not be judged in it: a member that lost its data while the
 * others had to be brought up first, a worker that answered late, a node that rebooted in the middle. Those that
 * machines which were still booting ask for are not counted.
 */
export async function passes(run: Run, steps: readonly Step<Reconciliation>[]): Promise<Passed> {
  const { bus, signal, options } = run;
  const note = (message: string): void => bus.emit({ type: 'note', level: 'info', code: 'another-pass', message });
  for (let pass = 1, first = true; ; first = false) {
    const context = openPass(run, { first, last: pass === MOST_PASSES });
    const reports = await runSequence({ steps, nodes: options.spec.nodes, context, bus, signal });
    context.readiness.end();
    const { again, late } = context;
    const lost = reports.filter((report) => isLoss(run, report));
    for (const { node, error } of lost)
      again.add(`${error?.host ?? node}: ${error?.code === 'rebooted' ? 'it rebooted' : 'it went away'}`);
    const fatal = reports.find(({ node, error }) => node === '' && error)?.error;
    const isMissed = lost.length > 0 || controlPlanes(options.spec).some(({ name }) => late.has(name));
    const mayPass = run.waiting.isOpen || lost.some(({ error }) => error?.code === 'rebooted');
    // A failure for the cluster may be the consequence of a loss or an absence; a refusal is none.
    const isFinal = fatal !== undefined && !(isMissed && mayPass && fatal.exit === EXIT.failed);
    if (run.command === 'plan' || signal.aborted || isFinal) return { context, reports };
    if (again.size > 0 && pass < MOST_PASSES) {
      note(`another pass for ${[...again].join('; ')}`);
      pass += 1;
    } else if (late.size > 0) {
      note(`${fatal ? fatal.message : 'the rest is done'}; waiting for ${[...late].join(', ')}`);
      await run.waiting.news(late);
    } else return { context, reports };
  }
}

/** Another pass finds the node in its next boot. */
function isLoss({ waiting }: Run, { node, error }: StepReport): boolean {
  return error?.code === 'rebooted' || (node !== '' && waiting.isOpen && isOfBooting(error));
}
