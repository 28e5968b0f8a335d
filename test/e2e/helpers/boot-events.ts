import { readFile } from 'node:fs/promises';
import type { MachineLab } from '../../../lab/machines/machine-lab.js';
import type { BootEvent } from '../../../src/boot/server/boot-events.js';

/** All that `boot serve` has told so far. */
export async function bootEvents(lab: MachineLab): Promise<BootEvent[]> {
  const lines = (await readFile(lab.boot.served, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as BootEvent);
}

/** The file from its first byte to its last, not a part of it, nor only its head. */
export function isWhole(event: Extract<BootEvent, { type: 'transfer-finished' }>): boolean {
  return event.outcome === 'done' && event.status === 200 && event.sent === event.bytes;
}
