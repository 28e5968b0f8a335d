import type { Preset } from '../../../src/bench/preset/preset-schema.js';
import type { ApiSample, DnsSample } from '../../../src/bench/record/requests-schema.js';
import type { ApiRequest } from '../../../src/bench/record/terms.js';
import { type Random, rounded } from './random.js';

export interface SyntheticRequests {
  random: Random;
  preset: Preset;
  nodes: readonly string[];
  /** Pause of the API server in round 2, milliseconds. */
  stallMs?: number;
}

const API_MEDIAN_MS: Record<ApiRequest, number> = { readyz: 1.6, get: 2.3, list: 6.8, create: 7.4, delete: 8.1 };

export function apiOfRound({ random, preset, nodes, stallMs = 0 }: SyntheticRequests, round: number, began: number) {
  const { rate, seconds, requests } = preset.api;
  const stallBegan = began + 4000;
  return Array.from({ length: rate * seconds }, (_, index): ApiSample => {
    const request = requests[index % requests.length] ?? 'get';
    const intended = began + (index * 1000) / rate;
    const sent = intended + random.latency(0.2, 0.4);
    const served = sent + random.latency(API_MEDIAN_MS[request], 0.3);
    const stalls = round === 2 && served > stallBegan && sent < stallBegan + stallMs;
    const done = stalls ? stallBegan + stallMs + random.latency(20, 0.5) : served;
    return {
      round,
      request,
      target: nodes[index % Math.min(3, nodes.length)] ?? '',
      intended: rounded(intended),
      sent: rounded(sent),
      done: rounded(done),
      status: request === 'create' ? 201 : 200,
      failure: null,
    };
  });
}

export function dnsOfRound({ random, preset, nodes }: SyntheticRequests, round: number): DnsSample[] {
  return Array.from({ length: preset.dns.rate * preset.dns.seconds }, (_, index) => ({
    round,
    node: nodes[index % nodes.length] ?? '',
    nameserver: '10.96.0.10',
    name: 'kubernetes.default.svc.cluster.local',
    latencyMs: rounded(random.latency(0.46, 0.22)),
    failure: null,
  }));
}

export function etcdOfRound(random: Random, round: number, members: readonly string[]) {
  return members.map((member) => ({
    round,
    member,
    walFsync: { count: 2600, sumSeconds: rounded(2600 * random.latency(28e-6, 0.05) * 1000) / 1000 },
    backendCommit: { count: 310, sumSeconds: rounded(310 * random.latency(140e-6, 0.05) * 1000) / 1000 },
  }));
}
