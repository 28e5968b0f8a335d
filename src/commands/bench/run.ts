import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ARCHITECTURES, iperf3Program } from '../../artifacts/catalogue.js';
import { analyse } from '../../bench/analysis/analyse.js';
import { voidRun } from '../../bench/analysis/rounds.js';
import type { BenchmarkOptions } from '../../bench/measure/benchmark-options.js';
import { openCluster } from '../../bench/measure/open-cluster.js';
import { type BenchmarkResult, runBenchmark } from '../../bench/measure/run-benchmark.js';
import { buildToolImage, type ToolImage } from '../../bench/measure/tool-image.js';
import { loadPreset } from '../../bench/preset/load-preset.js';
import { RUN_FILE } from '../../bench/record/runs.js';
import { writeRecord } from '../../bench/record/write-record.js';
import { htmlReport } from '../../bench/report/html/page.js';
import { terminalReport } from '../../bench/report/terminal.js';
import { outdatedCluster } from '../../config/outdated.js';
import type { SshSpec } from '../../config/spec.js';
import { decideSsh } from '../../config/ssh-settings.js';
import { EXIT, type ExitCode, usageError } from '../../errors.js';
import { PkiStore } from '../../pki/store.js';
import { requireReadableConfig } from '../../ssh/effective-config.js';
import { writeFileAtomic } from '../../state/atomic-write.js';
import { acquireLock } from '../../state/lock.js';
import { readClusterRecord, readJumpHosts, readNodeRecords } from '../../state/record-files.js';
import type { StateDir } from '../../state/state-dir.js';
import { type ContentPlace, openContent } from '../content.js';
import { interruptible } from '../interrupt.js';
import { recordedCluster } from '../kubeconfig.js';
import { nodeConnector } from '../node-connector.js';
import type { OutputFormat, SourceFlags, SshFlags, StateFlags } from '../options.js';
import { viewOutput } from '../output-lost.js';
import { sshOfFlags } from '../ssh-flags.js';
import { takenOverMessage } from '../taken-over.js';
import { PACKAGE, readPackage } from '../version.js';
import { artifactLines, reportError, screenOf } from '../view.js';

export interface RunBenchFlags extends StateFlags, SourceFlags, SshFlags {
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
      const { state } = await recordedCluster(flags);
      return measureCluster({
        state,
        ssh: sshOfFlags(flags),
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

export interface MeasureClusterOptions {
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
export async function measureCluster(options: MeasureClusterOptions): Promise<number> {
  const { state } = options;
  const lock = await acquireLock({ path: state.lock, command: 'bench', now: () => new Date() });
  try {
    if (lock.takenOverFrom) process.stderr.write(`${takenOverMessage(lock.takenOverFrom)}\n`);
    return await keepRun(await measured(options), options);
  } finally {
    lock.release();
  }
}

/** With `--output json` stdout is for events alone: the report goes to stderr. */
export async function keepRun(
  { record, error }: BenchmarkResult,
  { state, out, output, verbose }: Pick<MeasureClusterOptions, 'state' | 'out' | 'output' | 'verbose'>,
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

async function measured({ state, ssh: asked, place, preset, signal }: MeasureClusterOptions): Promise<BenchmarkResult> {
  const reading = [readClusterRecord(state), readNodeRecords(state), readJumpHosts(state)] as const;
  const [record, nodeRecords, jumpHosts] = await Promise.all(reading);
  if (record === undefined) throw new Error(`the record of ${state.root} vanished`);
  const outdated = outdatedCluster(record.spec);
  if (outdated) throw outdated;
  const ssh = decideSsh({ flags: asked, recorded: record.spec.ssh });
  if (ssh?.configFile !== undefined) await requireReadableConfig(ssh.configFile);
  const spec = { ...record.spec, ...(ssh && { ssh }) };
  const pki = await PkiStore.open({ directory: state.pki, mode: 'memory', clusterExists: true, recorded: record.pki });
  const identities = await pki.operatorIdentities();
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const open = nodeConnector({ spec, nodeRecords, jumpHosts, jumpHostsFile: state.jumpHosts, onNewJumpHost: tell });
  const cluster = await openCluster({ spec, nodeRecords, open, identities, tell, signal });
  try {
    return await runBenchmark({
      spec,
      cluster,
      preset,
      signal,
      seed: randomInt(2 ** 31),
      startedAt: new Date(),
      images: await toolImages(new Set(cluster.nodes.map(({ arch }) => arch)), place, signal),
      software: { version: readPackage().version, commit: await checkedOutCommit() },
      tell,
    });
  } finally {
    await cluster.close();
  }
}

async function toolImages(
  wanted: ReadonlySet<string>,
  place: ContentPlace,
  signal: AbortSignal,
): Promise<Map<string, ToolImage>> {
  const progress = artifactLines();
  const { source } = await openContent(place, { progress, signal, recheck: false });
  const images = [...wanted].map(async (name): Promise<[string, ToolImage]> => {
    const arch = ARCHITECTURES.find((known) => known === name);
    if (arch === undefined)
      throw usageError({
        code: 'architecture-unsupported',
        message: `there is no iperf3 for the architecture ${name}`,
      });
    const { path } = await source.obtain(iperf3Program({ arch }), { progress, signal });
    return [name, await buildToolImage({ file: path, arch })];
  });
  return new Map(await Promise.all(images));
}

/** Of a checkout; an installed package has none. */
async function checkedOutCommit(): Promise<string | null> {
  const root = fileURLToPath(new URL('.', PACKAGE));
  if (!existsSync(join(root, '.git'))) return null;
  return promisify(execFile)('git', ['-C', root, 'describe', '--always', '--abbrev=12', '--dirty'], {
    encoding: 'utf8',
  }).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
}
