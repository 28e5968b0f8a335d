import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { RunEvent } from '../../src/runner/events.js';
import type { Operator } from '../../test/e2e/helpers/cli.js';
import { PROGRAM } from '../../test/helpers/program.js';

export interface OperatorRun {
  exit: number | null;
  events: RunEvent[];
  stderr: string;
  /** User and system time of the operator process, helpers it starts not counted. */
  cpuSeconds: number;
  /** Its peak resident memory. */
  peakMiB: number;
}

/** Runs k8s-diskless as a user would, and reads from /proc what that costs. */
export function operatorRun(operator: Operator, args: readonly string[]): Promise<OperatorRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args, '--output', 'json'], { env: operator.env });
    const events: RunEvent[] = [];
    let stderr = '';
    let usage = { cpuSeconds: 0, peakMiB: 0 };
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      events.push(JSON.parse(line) as RunEvent);
      usage = usageOf(child.pid) ?? usage;
    });
    child.on('error', reject);
    child.on('close', (exit) => resolve({ exit, events, stderr, ...usage }));
  });
}

/** Linux counts in ticks of 10 ms (USER_HZ). */
function usageOf(pid: number | undefined): { cpuSeconds: number; peakMiB: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, peakMiB: Number(peak?.[1] ?? 0) / 1024 };
  } catch {
    return undefined;
  }
}
