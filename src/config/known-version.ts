import { VERSION_TABLE, type VersionRow } from './version-table.js';

/** The row of a version, or undefined outside the table: where an unknown version is one problem among others. */
export function knownVersion(kubernetes: string): VersionRow | undefined {
  return VERSION_TABLE.find(({ minor }) => kubernetes.startsWith(`1.${minor}.`));
}
