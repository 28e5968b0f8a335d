import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Analysis, analyse } from '../../../src/bench/analysis/analyse.js';
import { readRecord } from '../../../src/bench/record/read-record.js';
import type { RunRecord } from '../../../src/bench/record/record-schema.js';
import { PROGRAM } from '../../helpers/program.js';
import type { Operator } from './cli.js';

export interface BenchRun {
  exit: number | null;
  stderr: string;
  record: RunRecord;
  analysis: Analysis;
}

export interface BenchOptions {
  /** `--set` of each. */
  set?: readonly string[];
  /** The first line of progress that matches is the moment. */
  at?: RegExp;
  act?: (kill: (signal: NodeJS.Signals) => void) => Promise<unknown> | undefined;
}

/** Nothing is measured but what a test asks for: later settings win. */
const NOTHING = ['pods.count=0', 'pods.burstPerNode=0', 'pods.cold=false', 'network.tests=[]', 'api.seconds=0'];
export const ONLY = [...NOTHING, 'dns.seconds=0', 'network.seconds=1', 'network.omitSeconds=0'];
/** The machine runs all nodes and the operator at once, and other tests before: it is never idle. */
const BUSY = ['limits.cpuBusy=1', 'limits.eventLoopLagMs=600000', 'limits.scheduleSlipMs=600000'];

/** Runs the quick preset, changed, and reads what was kept. */
export async function runBench(operator: Operator, { set = [], at, act }: BenchOptions = {}): Promise<BenchRun> {
  const out = await mkdtemp(join(tmpdir(), 'k8s-diskless-bench-'));
  const settings = [...BUSY, ...set].flatMap((each) => ['--set', each]);
  const args = [PROGRAM, 'bench', '--preset', 'quick', '--out', out, ...settings];
  const child = spawn(process.execPath, args, { env: operator.env, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: string[] = [];
  let acted: Promise<unknown> | undefined;
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (at?.test(line) && acted === undefined) acted = act?.((signal) => child.kill(signal)) ?? Promise.resolve();
  });
  const exit = await new Promise<number | null>((resolve) => child.on('close', resolve));
  await acted;
  const stderr = lines.join('\n');
  try {
    const record = await readRecord(join(out, 'run.json')).catch((cause) => {
      throw new Error(`bench kept no record: exit ${exit}\n${stderr}`, { cause });
    });
    return { exit, stderr, record, analysis: analyse(record) };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
