import { usageError } from '../../src/errors.js';
import type { MachineBuild } from '../build/ensure-built.js';
import { type LabRecord, readRecord } from '../nodes/store.js';

/** How a machine differs from another. */
export interface Hardware {
  firmware: 'bios' | 'uefi';
  memoryMiB: number;
}

/** What the run directory of a lab of machines remembers. */
export interface MachinesRecord extends LabRecord {
  build: MachineBuild;
  /** Whether our dnsmasq gives out the addresses, or stands beside a server that does. */
  dhcp: 'own' | 'proxy';
  /** By machine name. */
  hardware: Record<string, Hardware>;
}

/** Undefined when there is no such lab. */
export function readMachinesRecord(lab: string): MachinesRecord | undefined {
  const record = readRecord(lab);
  if (record === undefined || isOfMachines(record)) return record;
  throw usageError({
    code: 'lab-of-nodes',
    message: `the lab ${lab} is one of namespaces`,
    hint: 'take it down, or name another: lab --lab NAME machine up s4',
  });
}

function isOfMachines(record: LabRecord): record is MachinesRecord {
  return 'hardware' in record;
}
