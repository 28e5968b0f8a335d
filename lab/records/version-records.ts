import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VersionRecord } from './version-record.js';
import { versionsPage } from './versions-page.js';

const FILE = join(import.meta.dirname, 'versions.json');
export const VERSIONS_PAGE = join(import.meta.dirname, '../../docs/versions.md');

/** Oldest first. */
export function readVersionRecords(): VersionRecord[] {
  return JSON.parse(readFileSync(FILE, 'utf8'));
}

/** Takes the place of the same minor's, since a row of the version table is a minor; and writes docs/versions.md. */
export function writeVersionRecord(record: VersionRecord): void {
  const others = readVersionRecords().filter(({ kubernetes }) => minorOf(kubernetes) !== minorOf(record.kubernetes));
  const records = [...others, record].sort((a, b) => minorOf(a.kubernetes) - minorOf(b.kubernetes));
  replaceFile(FILE, `${JSON.stringify(records, undefined, 2)}\n`);
  replaceFile(VERSIONS_PAGE, versionsPage(records));
}

function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function minorOf(kubernetes: string): number {
  return Number(kubernetes.split('.')[1]);
}
