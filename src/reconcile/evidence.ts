import { shellQuote } from '../ssh/quote.js';
import { type Reconciliation, sessionOf } from './reconciliation.js';

export interface Evidence {
  /** Where the whole log was saved. */
  path: string;
  /** Its last lines, for the report. */
  tail: string;
}

const LINES = 400;
const TAIL_LINES = 12;

/** A unit's log, kept with this run: logs vanish with the node's RAM. */
export async function fetchEvidence(context: Reconciliation, node: string, unit: string): Promise<Evidence> {
  const command = `journalctl --no-pager -o short-precise -n ${LINES} -u ${shellQuote(unit)}`;
  const log = await sessionOf(context, node)
    .exec(command, { label: 'read log', root: true, timeoutMs: 15_000 })
    .then(({ stdout }) => stdout)
    .catch((error: Error) => `the log could not be read: ${error.message}\n`);
  const path = await context.options.state
    .saveEvidence(`${node}-${unit}.log`, log)
    // What failed on the node is what the report is about.
    .catch((error: Error) => `nowhere (${error.message})`);
  return { path, tail: log.trim().split('\n').slice(-TAIL_LINES).join('\n') };
}
