import { anonymous } from './error-report.js';
import { groupBy } from './group-by.js';
import {
  type RunModel,
  type StepCounts,
  type StepRun,
  type StepState,
  slowest,
  stepCounts,
  wallTime,
} from './run-model.js';
import type { Style } from './style.js';
import { harmless, truncate } from './text-table.js';
import { count, durationText, percent } from './units.js';

export type RowState = 'running' | 'done' | 'failed' | 'skipped';

export interface StepRow {
  state: RowState;
  /** The row, then a line per reason why it takes long, and per kind of failure. */
  text: string;
}

export interface StepRowOptions {
  step: StepState;
  model: RunModel;
  /** Milliseconds since the run began. */
  nowMs: number;
  width: number;
  style: Style;
}

const WIDEST_TITLE = 32;
const MOST_FAILURES = 3;

/** One line for a step on all its nodes: how many are through, how long it takes, who is waited for. */
export function stepRow(options: StepRowOptions): StepRow {
  const { step, model, nowMs, width, style } = options;
  const counts = stepCounts(step);
  const { running, good, failed } = counts;
  const state = running.length > 0 ? 'running' : failed.length > 0 ? 'failed' : good.length > 0 ? 'done' : 'skipped';
  const columns = [
    truncate(step.title, WIDEST_TITLE).padEnd(titleWidth(model)),
    (isOnNodes(step) ? `${good.length}/${step.runs.size}` : '').padStart(countWidth(model)),
    (state === 'skipped' ? '' : durationText(wallTime(step, nowMs).elapsedMs)).padStart(9),
  ];
  const fixed = truncate(columns.join('  '), width);
  const remarks = truncate(remarksOf(step, counts, nowMs), width - fixed.length - 2);
  const line = `${fixed}${remarks === '' ? '' : style.dim(`  ${remarks}`)}`;
  const lines = [
    line,
    ...waitLines(running, width).map((text) => style.dim(text)),
    ...failureLines(failed, width).map((text) => style.red(text)),
  ];
  return { state, text: lines.join('\n') };
}

function isOnNodes({ runs }: StepState): boolean {
  return !runs.has('');
}

/** Who is waited for, who failed, who was left out, who was slowest: as much of it as there is. */
function remarksOf(step: StepState, { running, good, failed, left }: StepCounts, nowMs: number): string {
  const remarks = [
    running.length > 0 && isOnNodes(step) ? waiting(running, nowMs) : '',
    failed.length > 0 && isOnNodes(step) ? `${few(failed)} failed` : '',
    left.length > 0 ? remark(left) : '',
    running.length === 0 && good.length > 1 ? slowestRemark(good, nowMs) : '',
  ];
  return remarks.filter((text) => text !== '').join(' · ');
}

function titleWidth({ steps }: RunModel): number {
  return Math.min(WIDEST_TITLE, Math.max(...[...steps.values()].map(({ title }) => title.length)));
}

function countWidth({ started }: RunModel): number {
  const digits = `${started?.nodes.length ?? 0}`.length;
  return 2 * digits + 1;
}

function waiting(running: readonly StepRun[], nowMs: number): string {
  const last = slowest(running, nowMs);
  const total = { done: 0, total: 0 };
  for (const { progress } of running) {
    total.done += progress?.done ?? 0;
    total.total += progress?.total ?? 0;
  }
  const far = total.total > 0 ? `${percent(total)}, ` : '';
  const names = nodeNames(running);
  if (names.length <= 3 || last === undefined) return `${far}waiting for ${names.join(', ')}`;
  return `${far}${names.length} to go, longest ${last.node}`;
}

function slowestRemark(good: readonly StepRun[], nowMs: number): string {
  const last = slowest(good, nowMs);
  return last === undefined ? '' : `slowest ${last.node} ${durationText(last.durationMs)}`;
}

/** Names while they fit into the row, else how many. */
function few(runs: readonly StepRun[]): string {
  return runs.length <= 3 ? nodeNames(runs).join(', ') : `${runs.length}`;
}

function remark(left: readonly StepRun[]): string {
  const [first] = left;
  const subject = `${few(left)} ${first?.state}`.trim();
  return left.length === 1 && first?.reason ? `${subject}: ${harmless(first.reason)}` : subject;
}

/** What takes long is told why. */
function waitLines(running: readonly StepRun[], width: number): string[] {
  const told = running.filter(({ waits }) => waits?.reason !== undefined);
  const reasonOf = ({ waits }: StepRun): string => waits?.reason ?? '';
  return groupBy(told, reasonOf)
    .slice(0, MOST_FAILURES)
    .map((runs) => {
      const [first] = runs;
      const place = first.node === '' ? '' : `${few(runs)}${runs.length > 3 ? ' nodes' : ''}: `;
      return truncate(`… ${place}${harmless(reasonOf(first)).split('\n', 1)[0]}`, width);
    });
}

/** The first words of what went wrong; the whole story is told at the end. */
function failureLines(failed: readonly StepRun[], width: number): string[] {
  const message = ({ error }: StepRun): string => error?.message ?? 'failed';
  const groups = groupBy(failed, (run) => (run.error ? anonymous(message(run), run.error) : message(run)));
  const all = groups.map((runs) => {
    const [{ error, node }] = runs;
    const place = node === '' ? '' : `${few(runs)}${runs.length > 3 ? ' nodes' : ''}: `;
    const text = runs.length > 1 && error ? anonymous(message(runs[0]), error) : message(runs[0]);
    return truncate(`↳ ${place}${harmless(text).split('\n', 1)[0]}`, width);
  });
  const more = all.length - MOST_FAILURES;
  return more > 0 ? [...all.slice(0, MOST_FAILURES), `↳ ${count(more, 'other failure')}`] : all;
}

function nodeNames(runs: readonly StepRun[]): string[] {
  return runs.map(({ node }) => node).filter((node) => node !== '');
}
