import type { Style } from '../../../ui/style.js';
import { type Column, textTable, wrap } from '../../../ui/text-table.js';
import { jsonText } from '../json.js';
import { escaped, escapedRows, markdownTable } from '../markdown.js';
import { oneLine } from '../one-line.js';
import { isFigureColumn, type ReportTable } from '../tables/table.js';
import {
  COMPARISON_METHOD,
  type ComparedRuns,
  comparisonNotes,
  comparisonSentence,
  comparisonTables,
} from './compare-view.js';

export function terminalComparison(runs: ComparedRuns, { width, style }: { width: number; style: Style }): string[] {
  const tables = comparisonTables(runs).flatMap((table) => ['', ...tableLines(table, { width, style })]);
  const notes = comparisonNotes(runs).flatMap((note) => wrap(`! ${oneLine(note)}`, { width }).map(style.yellow));
  return [
    style.bold(`A ${runs.a.id}`),
    style.bold(`B ${runs.b.id}`),
    ...tables,
    '',
    ...wrap(COMPARISON_METHOD, { width }).map(style.dim),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
    ...wrap(comparisonSentence(runs), { width }).map(style.bold),
  ];
}

function tableLines({ title, note, columns, rows }: ReportTable, { width, style }: { width: number; style: Style }) {
  const drawn: Column<string[]>[] = columns.map((name, index) => ({
    title: name.toUpperCase(),
    cell: (cells) => cells[index] ?? '',
    align: index > 0 && isFigureColumn(rows, index) ? 'right' : 'left',
    ...(name.startsWith('p ') && { priority: 0 }),
    ...(name === 'verdict' && { paint: (text: string) => paintVerdict(text, style) }),
  }));
  return [`${style.bold(title)}  ${note}`, ...textTable({ columns: drawn, rows, width, style })];
}

function paintVerdict(text: string, style: Style): string {
  if (text.includes('worse')) return style.red(text);
  return text.includes('better') ? style.green(text) : text;
}

export function markdownComparison(runs: ComparedRuns): string {
  const [headline, ...others] = comparisonTables(runs);
  const notes = comparisonNotes(runs).map((note) => `- ⚠️ ${escaped(note)}`);
  const sections = [
    `### Benchmark: ${comparisonSentence(runs)}`,
    ...(headline === undefined ? [] : [markdownTable(headline.columns, escapedRows(headline.rows))]),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
    ...others.map(
      ({ title, columns, rows }) =>
        `<details><summary>${title}</summary>\n\n${markdownTable(columns, escapedRows(rows))}\n\n</details>`,
    ),
    `<sub>A \`${runs.a.id}\`, B \`${runs.b.id}\`. ${COMPARISON_METHOD}</sub>`,
  ];
  return `${sections.join('\n\n')}\n`;
}

export function jsonComparison({ a, b, comparison, drift, void: reasons }: ComparedRuns): string {
  const side = ({ id, fingerprint }: ComparedRuns['a']) => ({ id, fingerprint: fingerprint.hash });
  return jsonText({
    format: 'k8s-diskless-bench-comparison',
    schema: 1,
    a: side(a),
    b: side(b),
    drift,
    void: reasons,
    ...comparison,
  });
}
