import { DisklessError, toDisklessError } from '../../errors.js';
import { readBootId } from '../../ssh/boot-id.js';
import { runApiLoad } from './api-load.js';
import type { BenchContext } from './bench-context.js';
import type { BenchNode } from './bench-node.js';
import { runDnsLoad } from './dns-load.js';
import { etcdGrowth, readEtcd } from './etcd-metrics.js';
import { type Cell, planCells } from './network/plan-cells.js';
import { runCell } from './network/run-cell.js';
import { idleLoad } from './node-load.js';
import { slipOf } from './observer-lag.js';
import { type PodBatch, runPodLoad } from './pod-load.js';
import { voidReasons } from './void-reasons.js';

/** What every round works with, the first pods of all, which are measured before the tools stand, too. */
export type RoundContext = Omit<BenchContext, 'tools' | 'cores' | 'linkBitsPerSecond' | 'random' | 'controlPlanes'>;

/** The first pods of their nodes, before any other pod of ours ran there. Round 0 warms up. */
export async function measureColdPods(context: RoundContext): Promise<void> {
  const nodes = podNodes(context.nodes).map(({ name }) => name);
  const { rounds, findings } = context.measured;
  await judged(context, 0, async () => ({
    ...NO_TROUBLE,
    lingering: await timePods(context, { round: 0, load: 'cold', nodes, perSecond: 1 }),
  }));
  for (const { message } of rounds.at(-1)?.void ?? [])
    findings.push({
      severity: 'warning',
      code: 'cold-void',
      message: `first pods are not counted: ${message}`,
      hint: null,
    });
}

/** The network as the rounds will measure it, so that caches and neighbours are known; nobody judges it. */
export async function warmUpNetwork(context: BenchContext): Promise<void> {
  const order = context.measured.rounds.find(({ round }) => round === 0)?.order ?? [];
  await measureCells(context, 0, order);
}

/** Everything the preset asks for. */
export function measureRound(context: BenchContext, round: number): Promise<void> {
  return judged(context, round, (order) => measureAll(context, round, order));
}

/** What came between while something was measured. */
interface Trouble {
  /** Tools that failed by themselves, and how. */
  broken: string[];
  /** Pods that were not removed in time. */
  lingering: string[];
}
const NO_TROUBLE: Trouble = { broken: [], lingering: [] };

/** Looks at the idle nodes first, and decides afterwards whether the round counts. */
async function judged(
  context: RoundContext,
  round: number,
  work: (order: string[]) => Promise<Trouble>,
): Promise<void> {
  const { measured, nodes, clock, lag, preset } = context;
  const load = await idleLoad(nodes, context);
  const entry = {
    round,
    began: clock.now(),
    ended: null as number | null,
    order: [] as string[],
    load,
    void: [],
    eventLoopLagMs: { p50: 0, p99: 0, max: 0 },
    scheduleSlipMs: { p50: 0, p99: 0, max: 0 },
  };
  measured.rounds.push(entry);
  lag.takeRound();
  const trouble = await work(entry.order);
  const pods = measured.pods.samples.filter((sample) => sample.round === round);
  const requests = measured.api.samples.filter((sample) => sample.round === round);
  const eventLoopLagMs = lag.takeRound();
  const scheduleSlipMs = slipOf([
    ...pods.map(({ intended, at }) => ({ intended, sent: at.sent ?? null })),
    ...requests,
  ]);
  const interruptions = context.observer.takeInterruptions();
  const lost = await lostNodes(context);
  const reasons = voidReasons({
    load,
    eventLoopLagMs,
    scheduleSlipMs,
    interruptions,
    lost,
    limits: preset.limits,
    ...trouble,
  });
  Object.assign(entry, { eventLoopLagMs, scheduleSlipMs, void: reasons, ended: clock.now() });
  if (lost.size > 0) throw nodesLost(lost);
}

async function measureAll(context: BenchContext, round: number, order: string[]): Promise<Trouble> {
  const { preset, nodes, spec, measured, signal } = context;
  const members = nodes.filter(({ role }) => role === 'control-plane');
  const before = await readEtcd(members, signal);
  const broken = await measureCells(context, round, order);
  const share = podsOfRound(preset.pods.count, preset.rounds, round);
  const paced = Array.from({ length: share }, () => null);
  const slow = await timePods(context, { round, load: 'paced', nodes: paced, perSecond: preset.pods.rate });
  const burst = podNodes(nodes).flatMap(({ name }) => Array.from({ length: preset.pods.burstPerNode }, () => name));
  slow.push(...(await timePods(context, { round, load: 'burst', nodes: burst, perSecond: Number.POSITIVE_INFINITY })));
  await measureApi(context, round);
  if (spec.addons.dns.enabled && preset.dns.seconds > 0) await measureDns(context, round);
  measured.etcd.samples.push(...etcdGrowth(round, before, await readEtcd(members, signal)));
  return { broken, lingering: slow };
}

/** Spread evenly; the first rounds take what does not divide. */
function podsOfRound(count: number, rounds: number, round: number): number {
  return Math.floor(count / rounds) + (round <= count % rounds ? 1 : 0);
}

/** Where pods go: all nodes when none takes ordinary ones. */
function podNodes(nodes: readonly BenchNode[]): readonly BenchNode[] {
  const schedulable = nodes.filter((node) => node.schedulable);
  return schedulable.length > 0 ? schedulable : nodes;
}

async function timePods(context: RoundContext, batch: PodBatch): Promise<string[]> {
  if (batch.nodes.length === 0) return [];
  context.tell(`${batch.nodes.length} ${batch.load} pods`);
  const options = {
    ...context,
    image: context.spec.sandboxImage,
    tolerate: !context.nodes.some(({ schedulable }) => schedulable),
    timeoutMs: context.preset.pods.timeoutSeconds * 1000,
    samples: context.measured.pods.samples,
  };
  return context.lag.during(() => runPodLoad(options, batch));
}

/** @returns what broke of our tools, which says nothing about the network */
async function measureCells(context: BenchContext, round: number, order: string[]): Promise<string[]> {
  const { preset, nodes, measured, tell } = context;
  const { network } = preset;
  const broken: string[] = [];
  const { cells } = planCells({ network, nodes: nodes.map(({ name }) => name), round, random: context.random });
  for (const cell of cells) {
    const { path, test, from, to } = cell;
    const title = `${path}/${test} ${from}>${to}`;
    order.push(title);
    tell(title);
    const { sample, broke } = await runCell({ ...context, cell, round, network, ...capacity(context, cell) });
    measured.network.samples.push(sample);
    if (broke !== undefined) broken.push(`${title}: ${broke}`);
  }
  return broken;
}

function capacity({ preset, cores, linkBitsPerSecond }: BenchContext, { from, to }: Cell) {
  const { udpLinkShare, udpMegabits } = preset.network;
  return {
    cores: Math.min(cores.get(from) ?? 1, cores.get(to) ?? 1),
    udpBitsPerSecond: linkBitsPerSecond === null ? udpMegabits * 1e6 : linkBitsPerSecond * udpLinkShare,
  };
}

async function measureApi(context: BenchContext, round: number): Promise<void> {
  const { preset, controlPlanes, measured, tell } = context;
  const { api } = preset;
  if (api.seconds === 0 || api.requests.length === 0) return;
  const targets = [...controlPlanes];
  const [target, client] = targets[(round - 1) % targets.length] as (typeof targets)[number];
  tell(`API requests to ${target}`);
  const options = { ...context, client, target, api, round, samples: measured.api.samples };
  await context.lag.during(() => runApiLoad(options));
}

async function measureDns(context: BenchContext, round: number): Promise<void> {
  const { preset, spec, nodes, tools, measured, tell, signal } = context;
  const node = nodes[(round - 1) % nodes.length] as BenchNode;
  const client = tools.get(node.name)?.pod;
  if (client === undefined) return;
  const { dnsAddress: nameserver, clusterDomain } = spec.network;
  const name = `kube-dns.kube-system.svc.${clusterDomain}`;
  tell(`DNS lookups from ${node.name}`);
  try {
    measured.dns.samples.push(...(await runDnsLoad({ client, nameserver, name, dns: preset.dns, round, signal })));
    measured.dns.unavailable = null;
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toDisklessError(error);
    if (measured.dns.samples.length === 0) measured.dns.unavailable = message;
    measured.findings.push({ severity: 'warning', code, message, hint: null });
  }
}

/** A node that forgot everything takes part in no further round. */
function nodesLost(lost: ReadonlyMap<string, string>): DisklessError {
  return new DisklessError({
    code: 'bench-node-lost',
    message: `${[...lost.keys()].join(', ')} dropped out, and no further round would count`,
    detail: [...lost].map(([node, message]) => `${node}: ${message}`).join('\n'),
    hint: 'k8s-diskless up brings the node back; what was measured until then is kept',
  });
}

/** Nodes that are not what they were: in another boot, or silent. */
async function lostNodes({ nodes, signal }: RoundContext): Promise<Map<string, string>> {
  const states = nodes.map(async ({ name, bootId, session }): Promise<[string, string][]> => {
    const seen = await readBootId(session, { timeoutMs: 10_000, signal }).catch(toDisklessError);
    signal.throwIfAborted();
    if (typeof seen !== 'string') return [[name, seen.message]];
    return seen === bootId ? [] : [[name, 'was rebooted during the round']];
  });
  return new Map((await Promise.all(states)).flat());
}
