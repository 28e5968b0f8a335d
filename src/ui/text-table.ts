import { stripVTControlCharacters } from 'node:util';
import { PLAIN, type Style } from './style.js';

export interface Column<Row> {
  title: string;
  /** Text without colours: widths are computed from it. */
  cell: (row: Row) => string;
  paint?: (text: string, row: Row) => string;
  align?: 'left' | 'right';
  /** Columns with the lowest one go first when the screen is too narrow. Default: never. */
  priority?: number;
}

export interface TableOptions<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  width: number;
  style?: Style;
}

const GAP = 2;

/** Lines of a table as wide as its content; what does not fit loses columns first, then the end of its lines. */
export function textTable<Row>({ columns, rows, width, style = PLAIN }: TableOptions<Row>): string[] {
  const shown = fitting(columns, rows, width);
  const widths = shown.map((column) => columnWidth(column, rows));
  const line = (cells: readonly { text: string; paint: (text: string) => string }[]): string => {
    let left = width;
    const parts = cells.map(({ text, paint }, at) => {
      const padded = pad(text, widths[at] ?? 0, shown[at]?.align);
      const cut = truncate(padded, left);
      left -= cut.length + GAP;
      return cut.length > 0 ? paint(cut) : '';
    });
    return parts.join(' '.repeat(GAP)).trimEnd();
  };
  return [
    line(shown.map(({ title }) => ({ text: title, paint: style.dim }))),
    ...rows.map((row) =>
      line(shown.map(({ cell, paint }) => ({ text: cell(row), paint: (text) => paint?.(text, row) ?? text }))),
    ),
  ];
}

function fitting<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): readonly Column<Row>[] {
  const total = columns.reduce((sum, column) => sum + columnWidth(column, rows) + GAP, -GAP);
  const expendable = columns
    .filter(({ priority }) => priority !== undefined)
    .toSorted((a, b) => (a.priority ?? 0) - (b.priority ?? 0))[0];
  if (total <= width || expendable === undefined) return columns;
  return fitting(
    columns.filter((column) => column !== expendable),
    rows,
    width,
  );
}

function columnWidth<Row>({ title, cell }: Column<Row>, rows: readonly Row[]): number {
  return Math.max(title.length, ...rows.map((row) => cell(row).length));
}

function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  return align === 'left' ? text.padEnd(width) : text.padStart(width);
}

/** For text without colours. */
export function truncate(text: string, width: number): string {
  if (text.trimEnd().length <= width) return text.slice(0, width);
  return width <= 0 ? '' : `${text.slice(0, width - 1).trimEnd()}…`;
}

/** Breaks at spaces; words longer than a line are broken hard. Lines carry the indent. */
export function wrap(text: string, { width, indent = '' }: { width: number; indent?: string }): string[] {
  const room = Math.max(20, width - indent.length);
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    // Indentation belongs to what programs print.
    let line = paragraph.slice(0, room / 2).match(/^ */)?.[0] ?? '';
    for (const word of paragraph
      .trimStart()
      .split(' ')
      .flatMap((each) => pieces(each, room))) {
      if (line.trim() !== '' && line.length + 1 + word.length > room) {
        lines.push(line);
        line = word;
      } else line = line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
    }
    return [...lines, line].map((each) => `${indent}${each}`.trimEnd());
  });
}

function pieces(word: string, room: number): string[] {
  return word.length <= room ? [word] : (word.match(new RegExp(`.{1,${room}}`, 'gu')) ?? []);
}

/** What another machine wrote must not move our cursor or colour our screen. */
export function harmless(text: string): string {
  const visible = stripVTControlCharacters(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out here.
  return visible.replaceAll('\t', '    ').replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '');
}
