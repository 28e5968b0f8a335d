/** A table every view draws in its own way. The first column names the row, the others are figures. */
export interface ReportTable {
  title: string;
  /** What must be known to read it; empty when nothing must. */
  note: string;
  columns: string[];
  rows: string[][];
}

/** Whether a column holds figures, which are read from the right, or words. */
export function isFigureColumn(rows: readonly (readonly string[])[], column: number): boolean {
  return rows.every((cells) => /^(|–|never|failed|[≥±+−]?\s?\d.*)$/.test(cells[column] ?? ''));
}
