import { DisklessError } from '../../errors.js';
import type { Preset } from '../preset/preset-schema.js';
import type { DnsSample } from '../record/requests-schema.js';
import type { ToolEndpoint } from './network/tool-pods.js';
import { timedLines, timingScript } from './wall-clock.js';

export interface DnsLoadOptions {
  client: ToolEndpoint;
  nameserver: string;
  /** Absolute, without the final dot. */
  name: string;
  dns: Preset['dns'];
  round: number;
  signal: AbortSignal;
}

const PORT = 53;
/** What goes unanswered for so long is lost. */
const PATIENCE_S = 2;
/** Beside the timetable and the last answer: connecting, the first lookup, starting all workers. */
const GRACE_MS = 15_000;

/**
 * Asks over UDP from within a pod's network namespace.
 *
 * @throws `dns-failed` when the name is not answered at all: that would be no measurement of looking it up; `clock-set`
 */
export async function runDnsLoad(options: DnsLoadOptions): Promise<DnsSample[]> {
  const { client, nameserver, name, dns, round, signal } = options;
  const count = Math.round(dns.rate * dns.seconds);
  if (count === 0) return [];
  // So many that one has given up its lookup before its next is due.
  const workers = Math.min(count, Math.ceil(dns.rate * PATIENCE_S) + 1);
  const numbers = [count, Math.round(1e6 / dns.rate), workers, PATIENCE_S].map(String);
  const { command, ...script } = timingScript('lookups', nameserver, String(PORT), name, ...numbers);
  const { stdout, stderr } = await client.node.session.exec(`nsenter -t ${client.pid} -n ${command}`, {
    label: 'time DNS lookups',
    root: true,
    ...script,
    timeoutMs: (dns.seconds + PATIENCE_S) * 1000 + GRACE_MS,
    signal,
  });
  const header = /^header (\w*)$/m.exec(stdout)?.[1] ?? '';
  const answers = timedLines(stdout.replace(/^header.*\n/, ''), client.node.name) ?? [];
  const problem =
    problemOf(header) ?? (answers.length === count ? undefined : `${answers.length} of ${count} were timed`);
  if (problem !== undefined)
    throw new DisklessError({
      code: 'dns-failed',
      host: client.node.name,
      message: `${nameserver} asked for ${name}: ${problem}`,
      detail: stderr.trim().slice(-500),
    });
  return answers
    .map((line) => line.split(' '))
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, outcome = '']) => ({ round, node: client.node.name, nameserver, name, ...outcomeOf(outcome) }));
}

function outcomeOf(outcome: string): Pick<DnsSample, 'latencyMs' | 'failure'> {
  if (outcome === 'lost') return { latencyMs: null, failure: `no answer within ${PATIENCE_S} s` };
  if (outcome === 'refused') return { latencyMs: null, failure: 'nobody listens at its port' };
  return { latencyMs: Number(outcome) / 1000, failure: null };
}

/** @param header First eight bytes of an answer in hex: identity, flags, number of questions and of answers (RFC 1035) */
function problemOf(header: string): string | undefined {
  if (header.length < 16) return 'no answer';
  const code = Number.parseInt(header.slice(6, 8), 16) & 0x0f;
  if (code !== 0) return `it answers with code ${code}`;
  return Number.parseInt(header.slice(12, 16), 16) === 0 ? 'it knows no address' : undefined;
}
