import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DisklessError } from '../../src/errors.js';
import type { ConformanceBuild } from '../build/ensure-built.js';
import { runCommand } from '../build/run-command.js';
import { cgroupOf } from '../nodes/naming.js';
import { type Outcome, parseGinkgoReport } from './ginkgo-report.js';
import { parseTestList } from './select.js';

export interface GinkgoOptions {
  build: ConformanceBuild;
  kubeconfig: string;
  /** Full names. */
  tests: readonly string[];
  /** How many run side by side. */
  procs: number;
  seed: number;
  /** After which nothing more is begun, and what runs is ended and cleaned up after. */
  minutes: number;
  /** For what it leaves: `junit_01.xml` and its log. */
  directory: string;
}

/** Full names of all tests of a program. */
export async function listTests(program: string): Promise<string[]> {
  return parseTestList(await runCommand({ command: program, args: ['--list-tests'] }));
}

/** In the lab's cgroups, `$1` and `$2`, so that nothing of it outlives the lab. */
const IN_LAB = '. "$1"; enter_cgroup "$2"; shift 2; exec "$@"';
const PROCESS_SCRIPT = join(import.meta.dirname, '../nodes/process.sh');

/** Runs tests of Kubernetes from within a lab, and resolves to how each ended; one that was not run has failed. */
export async function runGinkgo(lab: string, options: GinkgoOptions): Promise<Outcome[]> {
  const { build, tests, directory } = options;
  await mkdir(directory, { recursive: true });
  const report = join(directory, 'report.json');
  const log = createWriteStream(join(directory, 'ginkgo.log'));
  const command = [build.ginkgo, ...ginkgoArguments(options)];
  const args = ['-c', IN_LAB, 'sh', PROCESS_SCRIPT, cgroupOf(lab, 'operator'), ...command];
  const child = spawn('sh', args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(log, { end: false });
    stream.pipe(process.stderr, { end: false });
  }
  await once(child, 'close');
  log.end();
  if (!existsSync(report)) throw noReport(directory);
  const outcomes = parseGinkgoReport(await readFile(report, 'utf8'));
  // What anybody reads of it is in the JUnit report too, in a hundredth of the room.
  await rm(report);
  return withMissing(outcomes, tests);
}

export function ginkgoArguments(options: GinkgoOptions): string[] {
  const { build, kubeconfig, tests, procs, seed, minutes, directory } = options;
  return [
    `--procs=${procs}`,
    `--seed=${seed}`,
    `--timeout=${minutes}m`,
    '--no-color',
    '--silence-skips',
    `--focus=${focusOn(tests)}`,
    '--json-report=report.json',
    `--output-dir=${directory}`,
    build.program,
    '--',
    `--kubeconfig=${kubeconfig}`,
    `--kubectl-path=${build.kubectl}`,
    '--provider=skeleton',
    `--report-dir=${directory}`,
    `--e2e-output-dir=${directory}`,
    // Of nodes of certain clouds.
    '--disable-log-dump',
  ];
}

/** Matches these names and no others; ginkgo puts the name of the suite before each. */
export function focusOn(tests: readonly string[]): string {
  return `^Kubernetes e2e suite (${tests.map(quoteForGo).join('|')})$`;
}

/** As Go's regexp.QuoteMeta does. */
function quoteForGo(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/** The tests talk to nobody but the cluster. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
}

export function withMissing(outcomes: readonly Outcome[], tests: readonly string[]): Outcome[] {
  const told = new Set(outcomes.map(({ name }) => name));
  const missing = tests.filter((name) => !told.has(name));
  return [
    ...outcomes,
    ...missing.map((name) => ({ name, state: 'failed' as const, message: 'it was not run', seconds: 0 })),
  ];
}

function noReport(directory: string): DisklessError {
  return new DisklessError({
    code: 'conformance-no-report',
    message: 'ginkgo ended without a report',
    hint: `what it said is in ${join(directory, 'ginkgo.log')}`,
  });
}
