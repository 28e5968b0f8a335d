import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What `serve` came through, and how it was then. */
export interface SoakRecord {
  commit: string;
  minutes: number;
  seed: number;
  /** Of one machine, as a person does it. */
  reboots: number;
  /** Of one machine. */
  powerCuts: number;
  /** All machines at once. */
  totalLosses: number;
  /** Objects that the API had said were written. */
  acknowledged: number;
  lostWithinASecondOfATotalLoss: number;
  /** Medians, of the daemon. */
  residentBytes: { firstQuarter: number; lastQuarter: number };
  openFiles: { firstQuarter: number; lastQuarter: number };
}

export function writeSoakRecord(record: SoakRecord): void {
  writeFileSync(fileURLToPath(new URL('soak.json', import.meta.url)), `${JSON.stringify(record, null, 2)}\n`);
}
