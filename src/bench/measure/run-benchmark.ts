import type { ClusterSpec } from '../../config/spec.js';
import { type DisklessError, toDisklessError } from '../../errors.js';
import { PATHS as NODE_PATHS } from '../../node/paths.js';
import type { Preset } from '../preset/preset-schema.js';
import type { Environment } from '../record/environment-schema.js';
import { fingerprintOf } from '../record/fingerprint.js';
import type { RunRecord } from '../record/record-schema.js';
import { RUN_FORMAT, RUN_SCHEMA } from '../record/terms.js';
import { type Admission, readAdmission } from './admission.js';
import type { BenchContext, Measured } from './bench-context.js';
import { readEnvironment } from './environment.js';
import { etcdFilesystem } from './etcd-metrics.js';
import { importToolImage, removeToolImage, requireImage } from './import-image.js';
import { kubeletGrowth, readKubelets } from './kubelet-histogram.js';
import { NAMESPACE } from './manifests.js';
import { measureColdPods, measureRound, warmUpNetwork } from './measure-round.js';
import { prepareNamespace, removeNamespace } from './namespace.js';
import { checkMtu } from './network/mtu.js';
import { planCells } from './network/plan-cells.js';
import { startTools } from './network/tool-pods.js';
import { LagMeter } from './observer-lag.js';
import type { OpenedCluster } from './open-cluster.js';
import { PodObserver } from './pod-observer.js';
import { observableStages } from './pod-stages.js';
import { seededRandom } from './random.js';
import { startRunClock } from './run-clock.js';
import type { ToolImage } from './tool-image.js';
import { requireBashClock } from './wall-clock.js';

export interface BenchmarkOptions {
  spec: ClusterSpec;
  cluster: OpenedCluster;
  /** One for each architecture among the nodes. */
  images: ReadonlyMap<string, ToolImage>;
  preset: { name: string; values: Preset; overrides: string[] };
  software: RunRecord['software'];
  seed: number;
  startedAt: Date;
  tell: (line: string) => void;
  signal: AbortSignal;
}

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
  const { cluster, images, tell, signal } = options;
  const { nodes, client } = cluster;
  try {
    tell('preparing images and the namespace');
    const ready = await Promise.allSettled(
      nodes.map(async ({ session, arch }) => {
        if (isTimedByBash(options)) await requireBashClock(session, signal);
        await requireImage(session, options.spec.sandboxImage, signal);
        await importToolImage(session, images.get(arch) as ToolImage, signal);
      }),
    );
    // Only now: tidying up must not overtake an import that still runs.
    for (const each of ready) if (each.status === 'rejected') throw each.reason;
    await prepareNamespace({ client, signal });
    const admission = await readAdmission({ client, image: options.spec.sandboxImage, signal });
    return await measure(options, admission);
  } finally {
    tell('removing everything again');
    await tidyUp(options);
  }
}

function isTimedByBash({ spec, preset }: BenchmarkOptions): boolean {
  const { network, dns } = preset.values;
  const roundTrips = network.paths.length > 0 && network.tests.includes('round-trip');
  return roundTrips || (spec.addons.dns.enabled && dns.seconds > 0);
}

const THROTTLED: RunRecord['findings'][number] = {
  severity: 'warning',
  code: 'cpu-limited',
  message:
    'a ResourceQuota requires CPU limits, so the benchmark pods had one and results are not comparable with unlimited pods',
  hint: 'exempt the namespace of the benchmark from the quota',
};

/** Until it is done or this long; not by the run's signal, which may be what ended it. */
const TIDY_TIMEOUT_MS = 90_000;

async function tidyUp({ cluster, images, tell }: BenchmarkOptions): Promise<void> {
  const signal = AbortSignal.timeout(TIDY_TIMEOUT_MS);
  const left = (what: string) => (error: unknown) => tell(`left behind: ${what} (${toDisklessError(error).message})`);
  const namespace = `the namespace ${NAMESPACE} with all in it; the next run removes it`;
  await removeNamespace({ client: cluster.client, signal }).catch(left(namespace));
  await Promise.all(
    cluster.nodes.map(({ name, session, arch }) => {
      const reference = images.get(arch)?.reference ?? '';
      return removeToolImage(session, reference, signal).catch(left(`the image ${reference} on ${name}`));
    }),
  );
}

async function measure(options: BenchmarkOptions, { limitsCpu }: Admission): Promise<BenchmarkResult> {
  const { spec, cluster, preset, tell, signal } = options;
  const { nodes, client } = cluster;
  const clock = startRunClock();
  const usedBefore = process.cpuUsage();
  const stages = observableStages(spec.kubernetes);
  const measured = await blank(options, stages);
  if (limitsCpu) measured.findings.push(THROTTLED);
  const lag = new LagMeter();
  const observer = new PodObserver({ client, clock, stages, signal });
  const context = {
    spec,
    preset: preset.values,
    nodes,
    client,
    clock,
    lag,
    observer,
    stages,
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

async function blank(
  { spec, cluster, signal }: BenchmarkOptions,
  stages: Measured['pods']['stages'],
): Promise<Measured> {
  const member = cluster.nodes.find(({ role }) => role === 'control-plane');
  const filesystem = member ? await etcdFilesystem(member, NODE_PATHS.etcdData, signal) : 'unknown';
  const dnsOff = spec.addons.dns.enabled ? null : 'the cluster has no DNS add-on of ours';
  return {
    rounds: [],
    pods: { stages, samples: [], kubelet: { unavailable: 'the run ended before they were read again', nodes: [] } },
    network: { mtu: [], leftOut: [], samples: [] },
    api: { unavailable: null, samples: [] },
    dns: { unavailable: dnsOff, samples: [] },
    etcd: { unavailable: null, filesystem, samples: [] },
    findings: [],
  };
}

function machinery({ nodes }: Environment) {
  const speeds = nodes.map(({ nic }) => (nic.kind === 'physical' ? nic.bitsPerSecond : null));
  const known = speeds.filter((speed) => speed !== null);
  return {
    cores: new Map(nodes.map(({ name, cpu }) => [name, cpu.cores])),
    linkBitsPerSecond: known.length === nodes.length ? Math.min(...known) : null,
  };
}

interface Finished {
  outcome: RunRecord['outcome'];
  environment: Environment;
  measured: Measured;
  observer: RunRecord['observer'];
}

function recordOf(options: BenchmarkOptions, { outcome, environment, measured, observer }: Finished): RunRecord {
  const { preset, software, seed, startedAt } = options;
  const startedText = startedAt.toISOString();
  return {
    format: RUN_FORMAT,
    schema: RUN_SCHEMA,
    id: startedText.replaceAll(':', '-'),
    software,
    startedAt: startedText,
    endedAt: new Date().toISOString(),
    outcome,
    seed,
    preset,
    environment,
    fingerprint: fingerprintOf(environment, preset.values),
    ...measured,
    observer,
  };
}
