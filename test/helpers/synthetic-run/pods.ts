import type { Preset } from '../../../src/bench/preset/preset-schema.js';
import type { PodSample } from '../../../src/bench/record/pods-schema.js';
import { STAGES, type Stage } from '../../../src/bench/record/terms.js';
import { type Random, rounded } from './random.js';

export interface SyntheticPods {
  random: Random;
  preset: Preset;
  nodes: readonly string[];
  stages: readonly Stage[];
  /** Multiplies what happens on a node. */
  slowness: number;
  /** Every so many paced pods never start. */
  neverEvery?: number;
  /** Pause of the API server in round 2, milliseconds. */
  stallMs?: number;
}

interface Start {
  name: string;
  round: number;
  load: PodSample['load'];
  node: string;
  intended: number;
  /** Pods of the node that are being started at the same time. */
  beside: number;
}

export function coldPods(pods: SyntheticPods): PodSample[] {
  return pods.nodes.map((node) =>
    start(pods, { name: `cold-${node}`, round: 0, load: 'cold', node, intended: 500, beside: 6 }),
  );
}

export function podsOfRound(pods: SyntheticPods, round: number, began: number): PodSample[] {
  const { preset, nodes } = pods;
  const count = Math.round(preset.pods.count / preset.rounds);
  const paced = Array.from({ length: count }, (_, index) =>
    start(pods, {
      name: `paced-${round}-${index}`,
      round,
      load: 'paced',
      node: nodes[index % nodes.length] ?? '',
      intended: began + (index * 1000) / preset.pods.rate,
      beside: 0,
    }),
  );
  const burstBegan = began + (count * 1000) / preset.pods.rate + 8000;
  const burst = nodes.flatMap((node) =>
    Array.from({ length: preset.pods.burstPerNode }, (_, index) =>
      start(pods, {
        name: `burst-${round}-${node}-${index}`,
        round,
        load: 'burst',
        node,
        intended: burstBegan,
        beside: index,
      }),
    ),
  );
  return [...paced, ...burst];
}

function start(
  { random, preset, stages, slowness, neverEvery, stallMs = 0 }: SyntheticPods,
  { beside, ...where }: Start,
): PodSample {
  const { name, round, load, intended } = where;
  const index = Number(name.split('-').at(-1));
  const never = load === 'paced' && neverEvery !== undefined && index % neverEvery === neverEvery - 1;
  const sent = intended + random.latency(0.25, 0.4);
  const stalled = round === 2 && load === 'paced' && index >= 20 && index < 26 ? stallMs - (index - 20) * 200 : 0;
  const accepted = sent + Math.max(0, stalled) + random.latency(7, 0.25);
  const queue = slowness * beside * random.latency(95, 0.15);
  const moments: Record<Stage, number> = {
    sent,
    accepted,
    added: 0,
    scheduled: 0,
    sandboxReady: 0,
    running: 0,
    ready: 0,
  };
  moments.added = accepted + random.latency(1.4, 0.3);
  moments.scheduled = moments.added + random.latency(5, 0.4);
  moments.sandboxReady = moments.scheduled + queue + slowness * random.latency(380, 0.16);
  moments.running = moments.sandboxReady + slowness * random.latency(270, 0.2);
  moments.ready = moments.running + slowness * random.latency(60, 0.5);
  const reached = (stage: Stage): number | null =>
    never && STAGES.indexOf(stage) > STAGES.indexOf('scheduled') ? null : rounded(moments[stage]);
  return {
    ...where,
    intended: rounded(intended),
    at: Object.fromEntries(stages.map((stage) => [stage, reached(stage)])),
    observedUntil: rounded(never ? intended + preset.pods.timeoutSeconds * 1000 : moments.ready),
    failure: never ? 'deleted while its sandbox was made' : null,
  };
}
