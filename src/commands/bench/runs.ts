import { stateOf } from '../../app/state-of.js';
import { analyse } from '../../bench/analysis/analyse.js';
import { voidRun } from '../../bench/analysis/rounds.js';
import { readRecord } from '../../bench/record/read-record.js';
import type { RunRecord } from '../../bench/record/record-schema.js';
import { findRun, keptRuns } from '../../bench/record/runs.js';
import { timeText } from '../../bench/report/figures.js';
import { headlines } from '../../bench/report/headline.js';
import { jsonText } from '../../bench/report/json.js';
import { oneLine } from '../../bench/report/one-line.js';
import { EXIT } from '../../errors.js';
import { textTable } from '../../ui/text-table.js';
import type { StateFlags } from '../options.js';
import { textSurface, writeOutput } from './output.js';

/** Needs no cluster to be recorded: a run's file may come from anywhere. */
export async function openRun(word: string, flags: StateFlags): Promise<RunRecord> {
  return readRecord(await findRun(word, stateOf(flags).bench));
}

export interface ListFlags extends StateFlags {
  format?: 'terminal' | 'json';
}

interface ListedRun {
  id: string;
  file: string;
  startedAt: string;
  preset: string;
  kubernetes: string;
  nodes: number;
  /** What sums it up, e.g. `Pod startup 665 ms`. */
  headline: string;
  /** Why it supports no verdict, or cannot be read; empty when it is sound. */
  problem: string;
}

export async function listCommand(flags: ListFlags): Promise<number> {
  const { bench } = stateOf(flags);
  const kept = await keptRuns(bench);
  const rows = kept.map(({ id, file, record, problem }) =>
    record === undefined ? unreadable(id, file, problem?.message ?? '') : listed(file, record),
  );
  if (flags.format === 'json') {
    await writeOutput(jsonText(rows), undefined);
    return EXIT.done;
  }
  const { width, style } = textSurface(undefined);
  const columns = [
    { title: 'RUN', cell: ({ id }: ListedRun) => id },
    { title: 'STARTED', cell: ({ startedAt }: ListedRun) => startedAt, priority: 0 },
    { title: 'PRESET', cell: ({ preset }: ListedRun) => preset },
    { title: 'KUBERNETES', cell: ({ kubernetes }: ListedRun) => kubernetes, priority: 1 },
    {
      title: 'NODES',
      cell: ({ nodes }: ListedRun) => (nodes === 0 ? '' : `${nodes}`),
      align: 'right' as const,
      priority: 2,
    },
    { title: 'RESULT', cell: ({ headline, problem }: ListedRun) => oneLine(problem || headline) },
  ];
  const lines =
    rows.length === 0 ? [`no benchmark run is kept in ${bench}`] : textTable({ columns, rows, width, style });
  await writeOutput(`${lines.join('\n')}\n`, undefined);
  return EXIT.done;
}

function listed(file: string, record: RunRecord): ListedRun {
  const { id, startedAt, preset, environment } = record;
  const [reason] = voidRun(record);
  const figures = headlines(analyse(record)).slice(0, 2);
  return {
    id,
    file,
    startedAt: timeText(startedAt),
    preset: preset.overrides.length === 0 ? preset.name : `${preset.name}, changed`,
    kubernetes: environment.cluster.kubernetes,
    nodes: environment.nodes.length,
    headline: figures.map(({ label, figure }) => `${label} ${figure}`).join(', '),
    problem: reason === undefined ? '' : `void: ${reason}`,
  };
}

function unreadable(id: string, file: string, problem: string): ListedRun {
  return { id, file, startedAt: '', preset: '', kubernetes: '', nodes: 0, headline: '', problem };
}
