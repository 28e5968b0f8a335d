import { toDisklessError } from '../../errors.js';
import { runApiLoad } from './api-load.js';
import type { BenchContext } from './bench-context.js';
import type { BenchNode } from './bench-node.js';
import { runDnsLoad } from './dns-load.js';
import { etcdGrowth, readEtcd } from './etcd-metrics.js';
import { judged, NO_TROUBLE, type RoundContext, type Trouble } from './judge-round.js';
import { podNodes } from './left-out.js';
import { type Cell, planCells } from './network/plan-cells.js';
import { runCell } from './network/run-cell.js';
import { type PodBatch, runPodLoad } from './pod-load.js';

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
  return runPodLoad(options, batch);
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
