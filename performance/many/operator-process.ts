import { readFileSync } from 'node:fs';
import type { RunFlags } from '../../src/commands/options.js';
import { openUpView } from '../../src/commands/view.js';
import { judge } from '../../src/reconcile/up-sequence.js';
import type { EventSink, RunEvent } from '../../src/runner/events.js';
import { prepareUp, upUntilSent } from '../../test/helpers/up-until-sent.js';

/*
 * `operator-process.ts FLAGS`: one `up` until all files are sent, in a process of its own; tells its parent what that
 * took. The cache is that of XDG_CACHE_HOME.
 */

export interface OperatorReport {
  /** Reading flags, state and artifacts, before the first connection. */
  prepareMs: number;
  /** From the first connection until the last node has acknowledged its last file. */
  runMs: number;
  /** User and system time of this process in that time. */
  cpuSeconds: number;
  /** The same of the `ssh -G` it started. */
  helperCpuSeconds: number;
  /** Peak resident memory before anything was read: Node and the program. */
  baselineMiB: number;
  peakMiB: number;
  /** Node name → number of files it was to get. */
  wanted: Record<string, number>;
  failures: string[];
  /** Step → when it first began and last ended on any node, milliseconds since the run began. */
  steps: Record<string, [beganMs: number, endedMs: number]>;
}

const flags: RunFlags = JSON.parse(process.argv[2] ?? '');
const baselineMiB = peakMiB();
const steps: OperatorReport['steps'] = {};
const began = performance.now();
const input = await prepareUp(flags, [openUpView(flags).sink, noting(steps)], new AbortController().signal);
const prepared = performance.now();
const before = { own: process.cpuUsage(), helpers: helperCpuSeconds() };
const zeroMs = input.bus.elapsedMs();
const { values, reports } = await upUntilSent(input);
const own = process.cpuUsage(before.own);

process.send?.({
  prepareMs: prepared - began,
  runMs: performance.now() - prepared,
  cpuSeconds: (own.user + own.system) / 1e6,
  helperCpuSeconds: helperCpuSeconds() - before.helpers,
  baselineMiB,
  peakMiB: peakMiB(),
  wanted: Object.fromEntries(
    [...(values.of(judge)?.work ?? [])].map(([name, { difference }]) => [name, difference.files.length]),
  ),
  failures: reports.flatMap(({ step, node, outcome, error, reason }) =>
    outcome === 'changed' || outcome === 'unchanged' ? [] : [`${step}@${node} ${outcome}: ${error?.message ?? reason}`],
  ),
  steps: Object.fromEntries(Object.entries(steps).map(([id, [from, to]]) => [id, [from - zeroMs, to - zeroMs]])),
} satisfies OperatorReport);

function noting(into: OperatorReport['steps']): EventSink {
  return (event: RunEvent) => {
    if (event.type !== 'step-finished') return;
    const [from, to] = into[event.step] ?? [Number.POSITIVE_INFINITY, 0];
    into[event.step] = [Math.min(from, event.ms - event.durationMs), Math.max(to, event.ms)];
  };
}

function peakMiB(): number {
  return process.resourceUsage().maxRSS / 1024;
}

/** Of children that have ended, fields 16 and 17 of /proc/self/stat; Linux counts in ticks of 10 ms (USER_HZ). */
function helperCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
