import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../../src/state/atomic-write.js';
import { isGreen } from './closing.js';

/** The last run of a suite. */
const run = z.strictObject({
  when: z.iso.datetime(),
  /** HEAD of then. */
  commit: z.string(),
  /** Of the sources that ran (see tree.ts); null where they were not all committed. */
  tree: z.string().nullable(),
  passed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  seconds: z.number(),
  seed: z.number(),
  /** How often it has now been green one after the other for these very sources; 0 where it is not. */
  inARow: z.number().optional(),
});
const record = z.record(z.string(), run);

export type SuiteRun = z.output<typeof run>;
export type LongRecord = z.output<typeof record>;

export const RECORD = 'lab/records/long.json';

export async function readRecord(path: string): Promise<LongRecord> {
  try {
    return record.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** One suite's last run; the others' stay. Names in order, so that a commit shows what was run and nothing else. */
export async function saveRun(path: string, suite: string, last: SuiteRun): Promise<void> {
  const before = await readRecord(path);
  const all = { ...before, [suite]: { ...last, inARow: timesInARow(last, before[suite]) } };
  const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeFileAtomic(path, `${JSON.stringify(sorted, null, 2)}\n`, 0o644);
}

function timesInARow(last: SuiteRun, before: SuiteRun | undefined): number {
  if (!isGreen(last)) return 0;
  const isSame = before !== undefined && isGreen(before) && last.tree !== null && before.tree === last.tree;
  return isSame ? (before.inARow ?? 1) + 1 : 1;
}
