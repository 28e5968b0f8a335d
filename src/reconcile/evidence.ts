import { shellQuote } from '../ssh/quote.js';
import type { Run } from './context.js';

export interface Evidence {
  /** Where the whole log was saved. */
  path?: string;
  /** Why it was not, in a sentence. */
  problem?: string;
  /** Its last lines, for the report. */
  tail: string;
}

const LINES = 400;
const TAIL_LINES = 12;

/**
 * A unit's log, kept with this run: logs vanish with the node's RAM. Never rejects: what failed on the node is what the
 * report is about, not what became of its log.
 */
export async function fetchEvidence(context: Run, node: string, unit: string): Promise<Evidence> {
  const which = `the log of ${unit} on ${node}`;
  const log = await readLog(context, node, unit).catch(toError);
  if (log instanceof Error) return { problem: `${which} could not be read: ${log.message}`, tail: '' };
  const tail = log.trim().split('\n').slice(-TAIL_LINES).join('\n');
  const path = await context.options.state.saveEvidence(`${node}-${unit}.log`, log).catch(toError);
  if (path instanceof Error) return { problem: `${which} could not be saved: ${path.message}`, tail };
  return { path, tail };
}

async function readLog(context: Run, node: string, unit: string): Promise<string> {
  const command = `journalctl --no-pager -o short-precise -n ${LINES} -u ${shellQuote(unit)}`;
  const options = { label: 'read log', root: true, timeoutMs: 15_000 };
  const { exitCode, stdout, stderr } = await context.cluster.session(node).exec(command, options);
  if (exitCode !== 0) throw new Error(`journalctl ended with exit code ${exitCode}: ${stderr.trim()}`);
  return stdout;
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Where a person finds the logs, or why not. @param its What a single one is called */
export function whereLogs(evidence: readonly Evidence[], its = 'its log'): string {
  const paths = evidence.flatMap(({ path }) => path ?? []);
  const problems = evidence.flatMap(({ problem }) => problem ?? []);
  const saved = `${paths.length === 1 ? `${its} was` : 'their logs were'} saved to ${paths.join(', ')}`;
  return [...(paths.length > 0 ? [saved] : []), ...problems].join('; ');
}
