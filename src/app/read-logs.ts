import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openRecordedCluster, type RecordedCluster } from '../cluster/recorded-cluster.js';
import { ROSTER, type RosterEntry, rosterOf } from '../components/roster.js';
import { nodeNamed } from '../config/node-named.js';
import type { NodeSpec, SshSpec } from '../config/spec.js';
import { didYouMean } from '../config/suggest.js';
import { DisklessError, usageError } from '../errors.js';
import { shellQuote } from '../ssh/quote.js';

export interface ReadLogsOptions {
  recorded: RecordedCluster;
  /** Wins over what is recorded. */
  ssh?: SshSpec;
  /** Name of a node. */
  node: string;
  /** Name of one of its components; all of them by default. */
  component?: string | undefined;
  /** A time as journalctl reads it, or an age such as `10m`. */
  since?: string | undefined;
  /** Goes on with what is logged from now on, until the signal. */
  follow: boolean;
  /** Where the lines go. */
  out: Writable;
  tell: (line: string) => void;
  signal: AbortSignal;
}

/** Without a time this much of the end. */
const LINES = 200;

/**
 * `logs`: what the components of a node logged in this boot, while its RAM still has it.
 *
 * @throws usage error of a node or component that is not there; DisklessError `logs-failed` with journalctl's own words
 */
export async function readLogs(options: ReadLogsOptions): Promise<void> {
  const { recorded, ssh, tell, out, signal } = options;
  const { spec, cluster } = await openRecordedCluster(recorded, { ssh, tell, signal });
  const node = nodeNamed(spec.nodes, options.node);
  const units = unitsOf(node, options.component);
  try {
    const connection = await cluster.session(node.name).connection();
    const process = await connection.open(journalctl(units, options), { label: 'read logs', root: true, signal });
    const [{ exitCode, stderr }] = await Promise.all([process.result, pipeline(process.stdout, out, { end: false })]);
    if (exitCode === 0) return;
    const detail = stderr.trim();
    throw new DisklessError({ code: 'logs-failed', host: node.name, message: `its journal cannot be read`, detail });
  } finally {
    await cluster.close();
  }
}

function journalctl(units: readonly RosterEntry[], { since, follow }: ReadLogsOptions): string {
  const from = since === undefined ? ['--lines', String(LINES)] : ['--since', timeOf(since)];
  const of = units.flatMap(({ unit }) => ['--unit', unit]);
  const words = [
    'journalctl',
    '--boot',
    '--output',
    'short-precise',
    ...of,
    ...from,
    follow ? '--follow' : '--no-pager',
  ];
  return words.map((word) => shellQuote(word)).join(' ');
}

/** An age is written as everywhere else here. */
const timeOf = (since: string): string => (/^\d+(ms|s|m|h|d)$/.test(since) ? `-${since}` : since);

function unitsOf({ name, role }: NodeSpec, component: string | undefined): readonly RosterEntry[] {
  const there = rosterOf(role);
  if (component === undefined) return there;
  const found = ROSTER.find(({ id }) => id === component);
  const ids = there.map(({ id }) => id);
  if (found && there.includes(found)) return [found];
  const message = found ? `${name} is a worker and has no ${component}` : `${component} is no component of a node`;
  const hint = (found ? undefined : didYouMean(component, ids)) ?? `those of ${name} are ${ids.join(', ')}`;
  throw usageError({ code: 'no-such-component', message, hint });
}
