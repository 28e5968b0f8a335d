import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ARCHITECTURES, iperf3Program } from '../../artifacts/catalogue.js';
import { analyse } from '../../bench/analysis/analyse.js';
import { openCluster } from '../../bench/measure/open-cluster.js';
import { runBenchmark } from '../../bench/measure/run-benchmark.js';
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
import { readNodeRecords } from '../../state/record-files.js';
import { type ContentPlace, openContent } from '../content.js';
import { interruptible } from '../interrupt.js';
import { recordedCluster } from '../kubeconfig.js';
import { nodeConnector } from '../node-connector.js';
import type { SourceFlags, SshFlags, StateFlags } from '../options.js';
import { artifactLines, reportError } from '../view.js';
import { textSurface } from './output.js';

export interface RunBenchFlags extends StateFlags, SourceFlags, SshFlags {
  preset: string;
  set: string[];
  out?: string;
}

const PACKAGE = new URL('../../../package.json', import.meta.url);
const CONNECT_TIMEOUT_S = 5;

/** `bench`: measures the recorded cluster, keeps the record and shows its report. */
export function runBenchCommand(flags: RunBenchFlags): Promise<number> {
  return interruptible(async (signal) => {
    const values = await loadPreset({ name: flags.preset, overrides: flags.set });
    const { state, record } = await recordedCluster(flags);
    const lock = await acquireLock({ path: state.lock, command: 'bench', now: () => new Date() });
    try {
      const { spec } = record;
      const nodeRecords = await readNodeRecords(state);
      const pki = await PkiStore.open({ directory: state.pki, mode: 'memory', clusterExists: true });
      const ssh = sshOf(flags);
      const identities = await pki.operatorIdentities();
      const cluster = await openCluster({ spec, open: nodeConnector({ spec, nodeRecords, ssh }), identities, signal });
      try {
        const images = await toolImages(new Set(cluster.nodes.map(({ arch }) => arch)), flags, signal);
        const { record: run, error } = await runBenchmark({
          ...{ spec, cluster, images, signal, seed: randomInt(2 ** 31), startedAt: new Date() },
          preset: { name: flags.preset, values, overrides: flags.set },
          software: { version: packageVersion(), commit: null },
          tell: (line) => void process.stderr.write(`${line}\n`),
        });
        const directory = flags.out === undefined ? join(state.bench, run.id) : resolve(flags.out);
        await writeRecord(join(directory, RUN_FILE), run);
        const analysis = analyse(run);
        await writeFileAtomic(join(directory, 'report.html'), htmlReport(analysis), 0o600);
        process.stdout.write(`${terminalReport(analysis, textSurface(undefined)).join('\n')}\n`);
        process.stderr.write(`kept in ${directory}\n`);
        if (error === undefined) return EXIT.done;
        process.stderr.write(reportError(error, flags));
        return error.exit;
      } finally {
        await cluster.close();
      }
    } finally {
      lock.release();
    }
  });
}

function sshOf({ sshConfig, hostKeyPolicy, connectTimeout = CONNECT_TIMEOUT_S }: RunBenchFlags) {
  return {
    connectTimeoutMs: connectTimeout * 1000,
    policy: hostKeyPolicy ?? ('per-boot' as const),
    ...(sshConfig !== undefined && { configFile: sshConfig }),
  };
}

async function toolImages(
  wanted: ReadonlySet<string>,
  { artifacts, mirror }: SourceFlags,
  signal: AbortSignal,
): Promise<Map<string, ToolImage>> {
  const place: ContentPlace = {
    ...(artifacts !== undefined && { artifacts }),
    ...(mirror !== undefined && { mirror }),
  };
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

function packageVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version;
}
