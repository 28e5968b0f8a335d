import { randomInt } from 'node:crypto';
import { ARCHITECTURES, iperf3Program } from '../artifacts/catalogue.js';
import type { OnArtifactProgress } from '../artifacts/progress.js';
import type { BenchmarkOptions } from '../bench/measure/benchmark-options.js';
import { measuredCluster, SOCKETS } from '../bench/measure/measured-cluster.js';
import { type BenchmarkResult, runBenchmark } from '../bench/measure/run-benchmark.js';
import { buildToolImage, type ToolImage } from '../bench/measure/tool-image.js';
import { openRecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import { outdatedCluster } from '../config/outdated.js';
import type { SshSpec } from '../config/spec.js';
import { usageError } from '../errors.js';
import type { StateDir } from '../state/state-dir.js';
import { type ContentPlace, openContent } from './content.js';

export interface MeasureOptions extends Pick<BenchmarkOptions, 'preset' | 'software' | 'tell' | 'signal'> {
  state: StateDir;
  /** Wins over what is recorded. */
  ssh?: SshSpec | undefined;
  /** Where the programs that measure come from. */
  place: ContentPlace;
  onArtifact: OnArtifactProgress;
}

/**
 * `bench`: measures the recorded cluster, under the lock that the caller holds.
 *
 * @throws DisklessError of what keeps the rounds from beginning; whatever ends them is in the result
 */
export async function measure(options: MeasureOptions): Promise<BenchmarkResult> {
  const { state, ssh, preset, software, tell, signal } = options;
  const recorded = await recordedCluster(state);
  const outdated = outdatedCluster(recorded.record.spec);
  if (outdated) throw outdated;
  const { spec, cluster } = await openRecordedCluster(recorded, { ssh, tell, maxSockets: SOCKETS });
  try {
    const measured = await measuredCluster({ spec, cluster, tell, signal });
    return await runBenchmark({
      spec,
      cluster: measured,
      preset,
      software,
      tell,
      signal,
      seed: randomInt(2 ** 31),
      startedAt: new Date(),
      images: await toolImages(new Set(measured.nodes.map(({ arch }) => arch)), options),
    });
  } finally {
    await cluster.close();
  }
}

async function toolImages(
  wanted: ReadonlySet<string>,
  { place, onArtifact: progress, signal }: MeasureOptions,
): Promise<Map<string, ToolImage>> {
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
