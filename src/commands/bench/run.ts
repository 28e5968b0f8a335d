import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ARCHITECTURES, iperf3Program } from '../../artifacts/catalogue.js';
import { analyse } from '../../bench/analysis/analyse.js';
import { voidRun } from '../../bench/analysis/rounds.js';
import { openCluster } from '../../bench/measure/open-cluster.js';
import { type BenchmarkOptions, type BenchmarkResult, runBenchmark } from '../../bench/measure/run-benchmark.js';
import { buildToolImage, type ToolImage } from '../../bench/measure/tool-image.js';
import { loadPreset } from '../../bench/preset/load-preset.js';
import { RUN_FILE } from '../../bench/record/runs.js';
import { writeRecord } from '../../bench/record/write-record.js';
import { htmlReport } from '../../bench/report/html/page.js';
import { terminalReport } from '../../bench/report/terminal.js';
import { EXIT, usageError } from '../../errors.js';
import { PkiStore } from '../../pki/store.js';
import { writeFileAtomic } from '../../state/atomic-write.js';
import { acquireLock } from '../../state/lock.js';
import { readClusterRecord, readNodeRecords } from '../../state/record-files.js';
import type { StateDir } from '../../state/state-dir.js';
import { type ContentPlace, openContent } from '../content.js';
import type { RunInputs } from '../inputs.js';
import { interruptible } from '../interrupt.js';
import { recordedCluster } from '../kubeconfig.js';
import { nodeConnector } from '../node-connector.js';
import type { SourceFlags, SshFlags, StateFlags } from '../options.js';
import { artifactLines, reportError } from '../view.js';
import { textSurface } from './output.js';

export interface RunBenchFlags extends StateFlags, SourceFlags, SshFlags {
  preset: string;
  full?: boolean;
  set: string[];
  out?: string;
}

const PACKAGE = new URL('../../../package.json', import.meta.url);
const CONNECT_TIMEOUT_S = 5;
const INTERRUPTED = 'what was measured until then is kept; a benchmark begins anew';

/** `bench`: measures the recorded cluster. */
export function runBenchCommand(flags: RunBenchFlags): Promise<number> {
  const { artifacts, mirror, out, sshConfig, hostKeyPolicy, connectTimeout = CONNECT_TIMEOUT_S } = flags;
  const name = flags.full === true ? 'full' : flags.preset;
  return interruptible(async (signal) => {
    const preset = await loadPreset({ name, overrides: flags.set });
    const { state } = await recordedCluster(flags);
    return measureCluster({
      state,
      ssh: {
        connectTimeoutMs: connectTimeout * 1000,
        policy: hostKeyPolicy ?? 'per-boot',
        ...(sshConfig !== undefined && { configFile: sshConfig }),
      },
      place: { ...(artifacts !== undefined && { artifacts }), ...(mirror !== undefined && { mirror }) },
      preset: { name, values: preset, overrides: flags.set },
      verbose: flags.verbose,
      signal,
      ...(out !== undefined && { out }),
    });
  }, INTERRUPTED);
}

export interface MeasureClusterOptions {
  state: StateDir;
  ssh: RunInputs['ssh'];
  place: ContentPlace;
  preset: BenchmarkOptions['preset'];
  /** Instead of a directory of its own in the state directory. */
  out?: string;
  verbose: boolean;
  signal: AbortSignal;
}

/**
 * Keeps the record, with its report, whatever ended the rounds, and shows what it found; what kept them from beginning is
 * thrown, and leaves no record. 7: the run is void.
 */
export async function measureCluster(options: MeasureClusterOptions): Promise<number> {
  const { state, out, verbose } = options;
  const lock = await acquireLock({ path: state.lock, command: 'bench', now: () => new Date() });
  try {
    const { record, error } = await measured(options);
    const directory = out === undefined ? join(state.bench, record.id) : resolve(out);
    await writeRecord(join(directory, RUN_FILE), record);
    const analysis = analyse(record);
    await writeFileAtomic(join(directory, 'report.html'), htmlReport(analysis), 0o600);
    process.stdout.write(`${terminalReport(analysis, textSurface(undefined)).join('\n')}\n`);
    process.stderr.write(`kept in ${directory}, drawn in report.html there\n`);
    if (error === undefined) return voidRun(record).length > 0 ? EXIT.runVoid : EXIT.done;
    process.stderr.write(reportError(error, { verbose }));
    return error.exit;
  } finally {
    lock.release();
  }
}

async function measured({ state, ssh, place, preset, signal }: MeasureClusterOptions): Promise<BenchmarkResult> {
  const [record, nodeRecords] = await Promise.all([readClusterRecord(state), readNodeRecords(state)]);
  if (record === undefined) throw new Error(`the record of ${state.root} vanished`);
  const { spec } = record;
  const pki = await PkiStore.open({ directory: state.pki, mode: 'memory', clusterExists: true, recorded: record.pki });
  const identities = await pki.operatorIdentities();
  const cluster = await openCluster({ spec, open: nodeConnector({ spec, nodeRecords, ssh }), identities, signal });
  try {
    return await runBenchmark({
      spec,
      cluster,
      preset,
      signal,
      seed: randomInt(2 ** 31),
      startedAt: new Date(),
      images: await toolImages(new Set(cluster.nodes.map(({ arch }) => arch)), place, signal),
      software: { version: packageVersion(), commit: await checkedOutCommit() },
      tell: (line) => void process.stderr.write(`${line}\n`),
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

function packageVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version;
}
