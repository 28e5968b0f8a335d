import type { Migration, RawRecord, RecordKind } from './migration.js';
import { oneToTwo } from './one-to-two.js';
import { twoToThree } from './two-to-three.js';

/** The first is from version 1 to 2. */
const MIGRATIONS: readonly Migration[] = [oneToTwo, twoToThree];

/** What this release writes; it reads every version up to it. */
export const RECORD_VERSION = MIGRATIONS.length + 1;

/** @returns undefined for a version that this release does not know */
export function migrated(kind: RecordKind, version: unknown, record: RawRecord): RawRecord | undefined {
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1 || version > RECORD_VERSION) {
    return undefined;
  }
  return MIGRATIONS.slice(version - 1).reduce((older, migration) => migration[kind](older), record);
}
