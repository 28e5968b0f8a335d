import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ContentPlace } from '../../app/content.js';
import { measure } from '../../app/measure.js';
import type { SourceRequest, SshRequest } from '../../app/requests.js';
import { sshOfRequest } from '../../app/ssh-of-request.js';
import { stateOf } from '../../app/state-of.js';
import { takenOverMessage } from '../../app/taken-over.js';
import { analyse } from '../../bench/analysis/analyse.js';
import { voidRun } from '../../bench/analysis/rounds.js';
import type { BenchmarkOptions } from '../../bench/measure/benchmark-options.js';
import type { BenchmarkResult } from '../../bench/measure/run-benchmark.js';
import { loadPreset } from '../../bench/preset/load-preset.js';
import { RUN_FILE } from '../../bench/record/runs.js';
import { writeRecord } from '../../bench/record/write-record.js';
import { htmlReport } from '../../bench/report/html/page.js';
import { terminalReport } from '../../bench/report/terminal.js';
import { recordedCluster } from '../../cluster/recorded-cluster.js';
import type { SshSpec } from '../../config/spec.js';
import { EXIT, type ExitCode } from '../../errors.js';
import { packageFile } from '../../package-files.js';
import { writeFileAtomic } from '../../state/atomic-write.js';
import { requireInUse } from '../../state/retired.js';
import type { StateDir } from '../../state/state-dir.js';
import { interruptible } from '../interrupt.js';
import { lockBesideDaemon } from '../lock-beside-daemon.js';
import type { OutputFormat, StateFlags } from '../options.js';
import { viewOutput } from '../output-lost.js';
import { readPackage } from '../version.js';
import { artifactLines, reportError, screenOf, tellLine } from '../view.js';

export interface RunBenchFlags extends StateFlags, SourceRequest, SshRequest {
  preset: string;
  full?: boolean;
  set: string[];
  out?: string;
}

const INTERRUPTED = 'what was measured until then is kept; a benchmark begins anew';

/** `bench`: measures the recorded cluster. */
export function runBenchCommand(flags: RunBenchFlags): Promise<number> {
  const { artifacts, mirror, out } = flags;
  const name = flags.full === true ? 'full' : flags.preset;
  return interruptible(
    async (signal) => {
      const preset = await loadPreset({ name, overrides: flags.set });
      const { state } = await recordedCluster(stateOf(flags));
      return measureCommand({
        state,
        ssh: sshOfRequest(flags),
        place: { ...(artifacts !== undefined && { artifacts }), ...(mirror !== undefined && { mirror }) },
        preset: { name, values: preset, overrides: flags.set },
        output: 'auto',
        verbose: flags.verbose,
        signal,
        ...(out !== undefined && { out }),
      });
    },
    { hint: INTERRUPTED },
  );
}

export interface MeasureCommandOptions {
  state: StateDir;
  /** Wins over what is recorded. */
  ssh?: SshSpec;
  place: ContentPlace;
  preset: BenchmarkOptions['preset'];
  /** Instead of a directory of its own in the state directory. */
  out?: string;
  output: OutputFormat;
  verbose: boolean;
  signal: AbortSignal;
}

/**
 * Keeps the record, with its report, whatever ended the rounds, and shows what it found; what kept them from beginning
 * is thrown, and leaves no record. 7: the run is void.
 */
export async function measureCommand(options: MeasureCommandOptions): Promise<number> {
  const { state } = options;
  const lock = await lockBesideDaemon(state.lock, 'bench', options.signal);
  try {
    await requireInUse(state);
    if (lock.takenOverFrom) process.stderr.write(`${takenOverMessage(lock.takenOverFrom)}\n`);
    const result = await measure({
      ...options,
      software: { version: readPackage().version, commit: await checkedOutCommit() },
      tell: tellLine,
      onArtifact: artifactLines(),
    });
    return await keepRun(result, options);
  } finally {
    lock.release();
  }
}

/** With `--output json` stdout is for events alone: the report goes to stderr. */
export async function keepRun(
  { record, error }: BenchmarkResult,
  { state, out, output, verbose }: Pick<MeasureCommandOptions, 'state' | 'out' | 'output' | 'verbose'>,
): Promise<ExitCode> {
  const directory = out === undefined ? join(state.bench, record.id) : resolve(out);
  await writeRecord(join(directory, RUN_FILE), record);
  const analysis = analyse(record);
  await writeFileAtomic(join(directory, 'report.html'), htmlReport(analysis), 0o600);
  const screen = screenOf(output === 'json' ? process.stderr : process.stdout);
  const write = output === 'json' ? screen.write : viewOutput('the run is kept all the same');
  write(`${terminalReport(analysis, screen).join('\n')}\n`);
  process.stderr.write(`kept in ${directory}, drawn in report.html there\n`);
  if (error === undefined) return voidRun(record).length > 0 ? EXIT.runVoid : EXIT.done;
  process.stderr.write(reportError(error, { verbose }));
  return error.exit;
}

/** Of a checkout; an installed package has none. */
async function checkedOutCommit(): Promise<string | null> {
  const root = fileURLToPath(packageFile(''));
  if (!existsSync(join(root, '.git'))) return null;
  return promisify(execFile)('git', ['-C', root, 'describe', '--always', '--abbrev=12', '--dirty'], {
    encoding: 'utf8',
  }).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
}
