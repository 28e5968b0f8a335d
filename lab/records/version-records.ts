import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One Kubernetes version that was brought up on the lab, and what was seen to work. */
export interface VersionRecord {
  kubernetes: string;
  etcd: string;
  cni: string;
  coredns: string;
  containerd: string;
  /** Numbers of control planes of the clusters that were brought up. */
  controlPlanes: number[];
  /** In words, in the order in which they were done. */
  shown: string[];
  /** ISO 8601, day. */
  ran: string;
  commit: string;
}

const FILE = join(import.meta.dirname, 'versions.json');

/** Oldest first. */
export function readVersionRecords(): VersionRecord[] {
  return JSON.parse(readFileSync(FILE, 'utf8'));
}

/** Takes the place of the same minor's, since a row of the version table is a minor. */
export function writeVersionRecord(record: VersionRecord): void {
  const others = readVersionRecords().filter(({ kubernetes }) => minorOf(kubernetes) !== minorOf(record.kubernetes));
  const records = [...others, record].sort((a, b) => minorOf(a.kubernetes) - minorOf(b.kubernetes));
  writeFileSync(`${FILE}.new`, `${JSON.stringify(records, undefined, 2)}\n`);
  renameSync(`${FILE}.new`, FILE);
}

function minorOf(kubernetes: string): number {
  return Number(kubernetes.split('.')[1]);
}
