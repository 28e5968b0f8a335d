import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunFlags } from '../../src/commands/options.js';
import { writeReleases } from '../../test/helpers/release-directory.js';
import { compileOperator } from './compile.js';
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
  operator: string;
  fleet: ChildProcess;
  sshConfig: string;
}

export async function startWorld(directory: string, mostNodes: number): Promise<World> {
  const operator = compileOperator(directory);
  const program = fileURLToPath(new URL('fleet-process.ts', import.meta.url));
  const fleet = start(program, [String(mostNodes), directory], { execArgv: ['--import', 'tsx'] });
  const { sshConfig } = await answer<FleetReady>(fleet);
  return { directory, operator, fleet, sshConfig };
}

/** A directory for `--artifacts`; see ReleaseOptions for the size. */
export function artifactsIn({ directory }: World, name: string, incompressible = 0): string {
  const artifacts = join(directory, name);
  mkdirSync(artifacts);
  writeReleases(artifacts, { incompressible });
  return artifacts;
}

/** `up` of a new cluster of so many blank nodes, until all have acknowledged their files. */
export async function sampleOf(world: World, nodes: number, artifacts: string): Promise<Sample> {
  const { directory, fleet, sshConfig } = world;
  const stateDir = mkdtempSync(join(directory, 'state-'));
  const flags: RunFlags = {
    hosts: `n[1-${nodes}]`,
    artifacts,
    sshConfig,
    stateDir,
    output: 'auto',
    verbose: false,
    verify: false,
    newCluster: false,
  };
  const loadBefore = loadavg()[0] ?? 0;
  const env = { ...process.env, XDG_CACHE_HOME: join(directory, 'cache') };
  const operator = start(world.operator, [JSON.stringify(flags)], { env, execArgv: [] });
  const { wanted, failures, ...measured } = await answer<OperatorReport>(operator);
  operator.disconnect();
  rmSync(stateDir, { recursive: true });
  fleet.send('report');
  requireDelivered({ nodes, wanted, received: await answer<FleetReport>(fleet), failures });
  return { nodes, loadBefore, ...measured };
}

function start(
  program: string,
  args: string[],
  options: { execArgv: string[]; env?: NodeJS.ProcessEnv },
): ChildProcess {
  // Output that goes to no terminal: lines, no board.
  return fork(program, args, { ...options, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`${child.spawnargs.at(-1)} ended with ${code} before it answered`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as T);
    });
  });
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
