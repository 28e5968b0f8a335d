import { SUITES } from '../lanes.js';
import { isGreen } from './closing.js';
import type { LongRecord, SuiteRun } from './long-record.js';
import type { Tree } from './tree.js';

/** The table of the long lane, a suite to a line. */
export function listOf(record: LongRecord, { tree }: Tree): string {
  const rows = Object.entries(SUITES).map(([name, { title, minutes }]) => [
    name,
    `${minutes} min`,
    ...lastOf(record[name], tree),
    title,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`).join('');
}

function lastOf(last: SuiteRun | undefined, tree: string | null): [string, string] {
  if (last === undefined) return ['never run', ''];
  const sources = last.tree === null ? 'not committed' : last.tree === tree ? 'this tree' : last.commit.slice(0, 7);
  const result = isGreen(last) ? `${last.passed} passed` : `${last.failed} failed, ${last.skipped} skipped`;
  const row = (last.inARow ?? 0) > 1 ? `, ${last.inARow} times in a row` : '';
  return [`${last.when.slice(0, 16)}Z ${sources}`, `${result} in ${Math.ceil(last.seconds / 60)} min${row}`];
}
