import { count } from '../../ui/units.js';
import type { Analysis } from '../analysis/analyse.js';
import { spanText, timeText } from './figures.js';
import { headlines } from './headline.js';
import { oneLine } from './one-line.js';
import { reportTables } from './tables/all-tables.js';
import { isFigureColumn, type ReportTable } from './tables/table.js';

/** For a pull request: the headline open, everything else folded. */
export function markdownReport(analysis: Analysis): string {
  const { record, warnings, void: reasons } = analysis;
  const sections = [
    `### Benchmark of cluster ${escaped(record.environment.cluster.name)}, ${timeText(record.startedAt)}`,
    ...reasons.map((reason) => `**This run supports no verdict:** ${escaped(reason)}`),
    headlineTable(analysis),
    ...(warnings.length === 0 ? [] : [warnings.map(({ message }) => `- ⚠️ ${escaped(message)}`).join('\n')]),
    factsLine(analysis),
    ...reportTables(analysis).map(folded),
    voidRounds(analysis),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function headlineTable(analysis: Analysis): string {
  const rows = headlines(analysis).map(({ label, figure, context }) => [label, `**${figure}**`, context]);
  return rows.length === 0 ? '' : markdownTable(['', '', ''], rows);
}

function factsLine({ record, rounds, counted }: Analysis): string {
  const { cluster, nodes } = record.environment;
  const measured = rounds.filter(({ state }) => state !== 'warm-up').length;
  const facts = [
    `Kubernetes ${cluster.kubernetes}`,
    `${count(nodes.length, 'node')}, ${cluster.networkMode}, ${cluster.proxyMode}`,
    `preset \`${record.preset.name}\``,
    ...record.preset.overrides.map((override) => `\`${override}\``),
    `${counted.length} of ${measured} rounds counted`,
    spanText(record.startedAt, record.endedAt),
    `k8s-diskless ${record.software.version}`,
    `run \`${record.id}\``,
    `fingerprint \`${record.fingerprint.hash}\``,
  ];
  return `<sub>${facts.join(' · ')}</sub>`;
}

function folded({ title, note, columns, rows }: ReportTable): string {
  const remark = note === '' ? '' : `${escaped(note)}\n\n`;
  return `<details><summary>${title}</summary>\n\n${remark}${markdownTable(columns, escapedRows(rows))}\n\n</details>`;
}

function voidRounds({ rounds }: Analysis): string {
  const lines = rounds
    .filter(({ state }) => state === 'void')
    .flatMap(({ round, reasons }) =>
      reasons.map(
        ({ node, message }) => `- round ${round}: ${escaped(`${node === null ? '' : `${node}: `}${message}`)}`,
      ),
    );
  return lines.length === 0 ? '' : `**Void rounds**\n\n${lines.join('\n')}`;
}

/** Words to the left, figures to the right. @param rows Markdown already */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = columns.map((_, index) => (index > 0 && isFigureColumn(rows, index) ? '---:' : ':---'));
  return [line(columns), line(rule), ...rows.map(line)].join('\n');
}

export function escapedRows(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((cells) => cells.map(escaped));
}

/** What other machines wrote must not become markup. */
export function escaped(text: string): string {
  return oneLine(text).replace(/[\\`*_[\]<>#|]/g, '\\$&');
}
