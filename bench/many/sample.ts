import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunFlags } from '../../src/commands/options.js';
import type { FleetReady, FleetReport } from './fleet-process.js';
import type { OperatorReport } from './operator-process.js';

export interface Sample extends Omit<OperatorReport, 'wanted' | 'failures'> {
  nodes: number;
  /** One-minute load average before the run: the machine may be shared. */
  loadBefore: number;
}

export interface World {
  /** Of everything this benchmark writes. */
  directory: string;
  artifacts: string;
  fleet: ChildProcess;
  sshConfig: string;
}

export async function startWorld(options: { directory: string; artifacts: string; most: number }): Promise<World> {
  const { directory, artifacts, most } = options;
  const fleet = start(new URL('fleet-process.ts', import.meta.url), [String(most), directory]);
  const { sshConfig } = await answer<FleetReady>(fleet);
  return { directory, artifacts, fleet, sshConfig };
}

/** `up` of a new cluster of so many blank nodes, until all have acknowledged their files. */
export async function sampleOf({ directory, artifacts, fleet, sshConfig }: World, nodes: number): Promise<Sample> {
  const stateDir = mkdtempSync(join(directory, 'state-'));
  const hosts = `n[1-${nodes}]`;
  const flags: RunFlags = {
    ...{ hosts, artifacts, sshConfig, stateDir },
    ...{ output: 'auto', verbose: false, verify: false, discardData: false },
  };
  const loadBefore = loadavg()[0] ?? 0;
  const operator = start(new URL('operator-process.ts', import.meta.url), [JSON.stringify(flags)], {
    XDG_CACHE_HOME: join(directory, 'cache'),
  });
  const { wanted, failures, ...measured } = await answer<OperatorReport>(operator);
  operator.disconnect();
  rmSync(stateDir, { recursive: true });
  fleet.send('report');
  requireDelivered({ nodes, wanted, received: await answer<FleetReport>(fleet), failures });
  return { nodes, loadBefore, ...measured };
}

function start(program: URL, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return fork(fileURLToPath(program), args, {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, ...env },
    // As for any program whose output is kept: lines, no board.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function answer<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnargs.at(2)} ended with ${code} before it answered`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}

interface Delivered {
  nodes: number;
  wanted: Record<string, number>;
  received: FleetReport;
  failures: string[];
}

/** A run in which anything went wrong measures nothing. */
function requireDelivered({ nodes, wanted, received, failures }: Delivered): void {
  if (failures.length > 0) throw new Error(failures.join('\n'));
  const names = Object.keys(wanted);
  const wrong = names.filter((name) => received[name] !== wanted[name]);
  if (names.length === nodes && Object.keys(received).length === nodes && wrong.length === 0) return;
  throw new Error(`${names.length} of ${nodes} nodes were planned for; not what they should get got: ${wrong}`);
}
