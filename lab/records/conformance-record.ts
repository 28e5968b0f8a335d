import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../conformance/ginkgo-report.js';
import type { LeftOut, Skip } from '../conformance/select.js';

/** What Kubernetes' own tests found of a cluster. */
export interface ConformanceRecord {
  kubernetes: string;
  /** What the cluster was. */
  nodes: string;
  passed: number;
  failed: number;
  /** By name, with their last words. */
  failures: { name: string; message: string }[];
  /** By our own list, or by themselves. */
  skipped: Skip[];
  /** Kinds of tests that were not asked for, in a run of a part of them. */
  leftOut?: LeftOut[];
  /** Tests that were asked for, and for which there was no time. */
  notRun?: number;
  /** Of the tests alone. */
  seconds: number;
  /** At most so many side by side. */
  procs: number;
  seed: number;
  /** ISO 8601, day. */
  ran: string;
  commit: string;
}

/** `conformance` of all tests on nodes, `node-conformance` of some on an emulated machine. */
export type ConformanceKind = 'conformance' | 'node-conformance';

const fileOf = (kind: ConformanceKind, directory: string) => join(directory, `${kind}.json`);
/** Enough to see what went wrong; JUnit has all of it. */
const MESSAGE_LENGTH = 600;

export type Circumstances = Omit<ConformanceRecord, 'passed' | 'failed' | 'failures'>;

/** Counts what ran, in the order of names. Those that skipped themselves stand with those that we did. */
export function conformanceRecord(outcomes: readonly Outcome[], around: Circumstances): ConformanceRecord {
  const { kubernetes, nodes, skipped, leftOut, notRun, ...rest } = around;
  const sorted = outcomes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const of = (state: Outcome['state']) => sorted.filter((outcome) => outcome.state === state);
  const failures = of('failed').map(({ name, message }) => ({ name, message: message.slice(0, MESSAGE_LENGTH) }));
  const itself = of('skipped').map(({ name, message }) => ({ name, reason: message.slice(0, MESSAGE_LENGTH) }));
  return {
    kubernetes,
    nodes,
    passed: of('passed').length,
    failed: failures.length,
    failures,
    skipped: [...skipped, ...itself],
    ...(leftOut && { leftOut }),
    ...(notRun !== undefined && { notRun }),
    ...rest,
  };
}

/** Undefined while there is none. */
export function readConformanceRecord(
  kind: ConformanceKind,
  directory = import.meta.dirname,
): ConformanceRecord | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(kind, directory), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function writeConformanceRecord(
  kind: ConformanceKind,
  record: ConformanceRecord,
  directory = import.meta.dirname,
): void {
  const file = fileOf(kind, directory);
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
