import { type DisklessError, toDisklessError } from '../../errors.js';
import type { Environment } from '../record/environment-schema.js';
import type { RunRecord } from '../record/record-schema.js';
import type { Admission } from './admission.js';
import type { BenchContext } from './bench-context.js';
import { clearSite, prepareSite } from './bench-site.js';
import type { BenchmarkOptions } from './benchmark-options.js';
import { readEnvironment } from './environment.js';
import { kubeletGrowth, readKubelets } from './kubelet-histogram.js';
import { leftOut } from './left-out.js';
import { measureColdPods, measureRound, warmUpNetwork } from './measure-round.js';
import { blankMeasured, recordOf } from './measured-record.js';
import { checkMtu } from './network/mtu.js';
import { planCells } from './network/plan-cells.js';
import { startTools } from './network/tool-pods.js';
import { LagMeter } from './observer-lag.js';
import { PodObserver } from './pod-observer.js';
import { seededRandom } from './random.js';
import { startRunClock } from './run-clock.js';
import type { ToolImage } from './tool-image.js';

export interface BenchmarkResult {
  record: RunRecord;
  /** What ended it early. */
  error?: DisklessError;
}

/**
 * Measures a running cluster, and removes everything again. What ended the rounds early is part of the record; what
 * kept them from beginning is thrown.
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  try {
    return await measure(options, await prepareSite(options));
  } finally {
    await clearSite(options);
  }
}

const THROTTLED: RunRecord['findings'][number] = {
  severity: 'warning',
  code: 'cpu-limited',
  message:
    'a ResourceQuota requires CPU limits, so the benchmark pods had one and results are not comparable with unlimited pods',
  hint: 'exempt the namespace of the benchmark from the quota',
};

async function measure(options: BenchmarkOptions, { limitsCpu }: Admission): Promise<BenchmarkResult> {
  const { spec, cluster, preset, tell, signal } = options;
  const { nodes, client } = cluster;
  const clock = startRunClock();
  const usedBefore = process.cpuUsage();
  const measured = await blankMeasured(options);
  if (limitsCpu) measured.findings.push(THROTTLED);
  const without = leftOut(nodes);
  for (const { message } of without) tell(message);
  measured.findings.push(...without);
  const lag = new LagMeter();
  const observer = new PodObserver({ client, clock, signal });
  const context = {
    spec,
    preset: preset.values,
    nodes,
    client,
    clock,
    lag,
    observer,
    limitsCpu,
    measured,
    tell,
    signal,
  };
  try {
    if (preset.values.pods.cold) await measureColdPods(context);
    const { tools, environment } = await prepareTools(options, limitsCpu);
    const error = await measureRounds(
      {
        ...context,
        ...machinery(environment),
        tools,
        controlPlanes: cluster.controlPlanes,
        random: seededRandom(options.seed),
      },
      options.seed,
    ).then(
      () => undefined,
      (thrown: unknown) => toDisklessError(signal.aborted ? signal.reason : thrown),
    );
    const used = process.cpuUsage(usedBefore);
    const cost = {
      cpuSeconds: (used.user + used.system) / 1e6,
      wallSeconds: clock.now() / 1000,
      maxResidentBytes: process.resourceUsage().maxRSS * 1024,
      eventLoopLagMs: lag.whole(),
    };
    const outcome = error === undefined ? 'complete' : signal.aborted ? 'interrupted' : 'failed';
    const record = recordOf(options, { outcome, environment, measured, observer: cost });
    return { record, ...(error && { error }) };
  } finally {
    await observer.close();
  }
}

async function prepareTools({ spec, cluster, images, tell, signal }: BenchmarkOptions, limitsCpu: boolean) {
  const { nodes, client } = cluster;
  const image = images.get(nodes[0]?.arch ?? '') as ToolImage;
  tell('starting the measuring tools');
  const tools = await startTools({
    client,
    nodes,
    limitsCpu,
    image: (arch) => images.get(arch)?.reference ?? image.reference,
    signal,
  });
  return { tools, environment: await readEnvironment({ spec, nodes, client, tools, image, signal }) };
}

/** The warm-up, all rounds, and what is read before and after them. */
async function measureRounds(context: BenchContext, seed: number): Promise<void> {
  const { preset, nodes, client, tools, measured, tell, signal } = context;
  const { rounds, network } = preset;
  const names = nodes.map(({ name }) => name);
  const plans = Array.from({ length: rounds }, (_, index) =>
    planCells({ network, nodes: names, round: index + 1, random: seededRandom(seed) }),
  );
  measured.network.leftOut = plans[0]?.leftOut ?? [];
  measured.network.mtu = await checkMtu({ tools, cells: plans.flatMap(({ cells }) => cells), signal });
  const before = await readKubelets(names, { client, signal });
  if (network.warmUpSeconds > 0) await warmUpNetwork(context);
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`);
    await measureRound(context, round);
  }
  if (measured.etcd.samples.length === 0) measured.etcd.unavailable = 'no member showed its metrics';
  const after = await readKubelets(names, { client, signal });
  const grown = kubeletGrowth(before.reading, after.reading);
  measured.pods.kubelet = { unavailable: before.problem ?? after.problem, nodes: grown };
}

function machinery({ nodes }: Environment) {
  const speeds = nodes.map(({ nic }) => (nic.kind === 'physical' ? nic.bitsPerSecond : null));
  const known = speeds.filter((speed) => speed !== null);
  return {
    cores: new Map(nodes.map(({ name, cpu }) => [name, cpu.cores])),
    linkBitsPerSecond: known.length === nodes.length ? Math.min(...known) : null,
  };
}
