import type { Style } from '../../ui/style.js';
import { type Column, textTable, wrap } from '../../ui/text-table.js';
import { count } from '../../ui/units.js';
import type { Analysis } from '../analysis/analyse.js';
import { spanText, timeText } from './figures.js';
import { headlines } from './headline.js';
import { oneLine } from './one-line.js';
import { reportTables } from './tables/all-tables.js';
import { isFigureColumn, type ReportTable } from './tables/table.js';

export interface TerminalOptions {
  width: number;
  style: Style;
}

/** What a person reads after a run, or of one of long ago. Sections are parted by empty lines. */
export function terminalReport(analysis: Analysis, options: TerminalOptions): string[] {
  const sections = [
    headLines(analysis, options),
    headlineLines(analysis, options),
    ...reportTables(analysis).map((table) => tableLines(table, options)),
    roundLines(analysis, options),
    warningLines(analysis, options),
  ];
  return sections.filter((lines) => lines.length > 0).flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function headLines({ record, rounds, counted }: Analysis, { width, style }: TerminalOptions): string[] {
  const { environment, preset, startedAt, endedAt, id, fingerprint } = record;
  const { cluster, nodes } = environment;
  const measured = rounds.filter(({ state }) => state !== 'warm-up').length;
  const facts = [
    `cluster ${cluster.name}`,
    `Kubernetes ${cluster.kubernetes}`,
    `${count(nodes.length, 'node')}, ${cluster.networkMode}, ${cluster.proxyMode}`,
    `preset ${[preset.name, ...preset.overrides].join(' ')}`,
    `${counted.length} of ${measured} rounds counted`,
    `${timeText(startedAt)}, ${spanText(startedAt, endedAt)}`,
    `fingerprint ${fingerprint.hash}`,
  ];
  return [style.bold(`benchmark run ${id}`), ...wrap(oneLine(facts.join(' · ')), { width })];
}

function headlineLines(analysis: Analysis, { width, style }: TerminalOptions): string[] {
  const rows = headlines(analysis);
  if (rows.length === 0) return [];
  const columns: Column<(typeof rows)[number]>[] = [
    { title: '', cell: ({ label }) => label },
    { title: '', cell: ({ figure }) => figure, align: 'right', paint: style.bold },
    { title: '', cell: ({ context }) => context, paint: style.dim, priority: 0 },
  ];
  return textTable({ columns, rows, width, style }).slice(1);
}

function tableLines({ title, note, columns, rows }: ReportTable, { width, style }: TerminalOptions): string[] {
  const drawn: Column<string[]>[] = columns.map((name, index) => ({
    title: name.toUpperCase(),
    cell: (cells) => oneLine(cells[index] ?? ''),
    align: index > 0 && isFigureColumn(rows, index) ? 'right' : 'left',
    // On a narrow screen the middle quantiles go first.
    ...(['p90', 'p95', 'CV'].includes(name) && { priority: 1 }),
  }));
  const head = wrap(note === '' ? style.bold(title) : `${style.bold(title)}  ${note}`, { width });
  return [...head, ...textTable({ columns: drawn, rows, width, style })];
}

function roundLines({ rounds }: Analysis, { width, style }: TerminalOptions): string[] {
  const voided = rounds.filter(({ state }) => state === 'void');
  if (voided.length === 0) return [];
  const lines = voided.flatMap(({ round, reasons }) =>
    reasons.flatMap(({ message, node }) =>
      wrap(oneLine(`round ${round}: ${node === null ? '' : `${node}: `}${message}`), { width }),
    ),
  );
  return [style.bold('Void rounds'), ...lines];
}

function warningLines({ warnings, void: reasons }: Analysis, { width, style }: TerminalOptions): string[] {
  const marked = (text: string): string[] =>
    wrap(oneLine(text), { width: width - 2 }).map((line, index) => `${index === 0 ? style.yellow('!') : ' '} ${line}`);
  const voids = reasons.flatMap((reason) =>
    wrap(oneLine(`✖ this run supports no verdict: ${reason}`), { width }).map(style.red),
  );
  return [...warnings.flatMap(({ message }) => marked(message)), ...voids];
}
