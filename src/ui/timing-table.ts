import { type RunModel, type StepState, slowest, timedRuns, wallTime } from './run-model.js';
import type { Style } from './style.js';
import { type Column, textTable } from './text-table.js';
import { count, durationText } from './units.js';

export interface TimingTableOptions {
  model: RunModel;
  width: number;
  style: Style;
}

/** Steps that were over before anybody could look are summed up in one line. */
const WORTH_A_LINE_MS = 100;

interface TimingRow {
  title: string;
  beganMs: number;
  nodes: number;
  medianMs: number;
  slowestMs: number;
  slowestNode: string;
}

/** When each step began, its median node and its slowest one. */
export function timingTable({ model, width, style }: TimingTableOptions): string[] {
  const rows = [...model.steps.values()].flatMap((step) => timingRow(step, model.ms));
  const shown = rows.filter(({ slowestMs }) => slowestMs >= WORTH_A_LINE_MS);
  const short = rows.length - shown.length;
  const columns: Column<TimingRow>[] = [
    { title: 'STEP', cell: ({ title }) => title },
    { title: 'BEGAN', cell: ({ beganMs }) => durationText(beganMs), align: 'right', priority: 1 },
    { title: 'NODES', cell: ({ nodes }) => (nodes === 0 ? '' : `${nodes}`), align: 'right', priority: 0 },
    { title: 'MEDIAN', cell: ({ medianMs }) => durationText(medianMs), align: 'right' },
    { title: 'SLOWEST', cell: ({ slowestMs }) => durationText(slowestMs), align: 'right' },
    { title: '', cell: ({ slowestNode }) => slowestNode, paint: style.dim },
  ];
  const limit = durationText(WORTH_A_LINE_MS);
  const rest = short === 0 ? [] : [style.dim(`${count(short, 'step')} below ${limit} left out`)];
  return [...(shown.length > 0 ? textTable({ columns, rows: shown, width, style }) : []), ...rest];
}

function timingRow(step: StepState, nowMs: number): TimingRow[] {
  const runs = timedRuns(step);
  const last = slowest(runs, nowMs);
  if (last === undefined) return [];
  const durations = runs.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
  return [
    {
      title: step.title,
      beganMs: wallTime(step, nowMs).beganMs,
      nodes: runs.filter(({ node }) => node !== '').length,
      // Of an even number the lower one: a duration that was really measured.
      medianMs: durations[Math.floor((durations.length - 1) / 2)] ?? 0,
      slowestMs: last.durationMs,
      slowestNode: last.node,
    },
  ];
}
