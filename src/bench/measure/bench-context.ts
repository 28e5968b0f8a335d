import type { ClusterSpec } from '../../config/spec.js';
import type { KubeClient } from '../../kube/client.js';
import type { Preset } from '../preset/preset-schema.js';
import type { RunRecord } from '../record/record-schema.js';
import type { BenchNode } from './bench-node.js';
import type { NodeTools } from './network/tool-pods.js';
import type { LagMeter } from './observer-lag.js';
import type { PodObserver } from './pod-observer.js';
import type { RunClock } from './run-clock.js';

/** What was measured so far; whatever ends the run, this is kept. */
export type Measured = Pick<RunRecord, 'rounds' | 'pods' | 'network' | 'api' | 'dns' | 'etcd' | 'findings'>;

/** What every part of a run works with. */
export interface BenchContext {
  spec: ClusterSpec;
  preset: Preset;
  nodes: readonly BenchNode[];
  /** Whichever control plane lives. */
  client: KubeClient;
  /** Each control plane by itself. */
  controlPlanes: ReadonlyMap<string, KubeClient>;
  clock: RunClock;
  lag: LagMeter;
  observer: PodObserver;
  tools: ReadonlyMap<string, NodeTools>;
  /** A quota demands a limit on processor time of every pod. */
  limitsCpu: boolean;
  cores: ReadonlyMap<string, number>;
  /** Speed of the slowest physical link, if any. */
  linkBitsPerSecond: number | null;
  random: () => number;
  measured: Measured;
  tell: (line: string) => void;
  signal: AbortSignal;
}
