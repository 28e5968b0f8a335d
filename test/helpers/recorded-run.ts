import { readFileSync } from 'node:fs';
import type { NetworkSample } from '../../src/bench/record/network-schema.js';
import type { RunRecord } from '../../src/bench/record/record-schema.js';
import type { Test } from '../../src/bench/record/terms.js';
import { syntheticRun } from './synthetic-run/synthetic-run.js';

const FILE = new URL('../bench/fixtures/recorded-goodput.json', import.meta.url);

type RecordedName = 'a' | 'b' | 'slowed' | 'open-a' | 'open-b';
type Recorded = Record<RecordedName, { round: number; test: Test; result: NetworkSample['result'] }[]>;

/**
 * A run of what was really measured: iperf3 3.18, 6 rounds of 1 s, between two network namespaces over a veth pair.
 * `a` and `b`, one after the other, with a token bucket of 300 Mbit/s in either direction; `slowed` with 250 Mbit/s;
 * `open-a` and `open-b` without one. Everything but the network samples is a synthetic frame, without pods or requests.
 */
export async function recordedRun(name: RecordedName): Promise<RunRecord> {
  const recorded: Recorded = JSON.parse(readFileSync(FILE, 'utf8'));
  const overrides = ['rounds=6', 'pods.count=0', 'pods.burstPerNode=0', 'pods.cold=false', 'network.pairs=one'];
  const frame = await syntheticRun({ overrides, nodes: ['a', 'b'], link: 'virtual' });
  const samples = recorded[name].map(
    (sample): NetworkSample => ({ ...sample, path: 'host', from: 'a', to: 'b', began: 0 }),
  );
  return {
    ...frame,
    id: name,
    network: { mtu: [], leftOut: [], samples },
    api: { ...frame.api, samples: [] },
    dns: { ...frame.dns, samples: [] },
    etcd: { ...frame.etcd, samples: [] },
  };
}
