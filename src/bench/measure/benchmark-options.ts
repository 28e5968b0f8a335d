import type { ClusterSpec } from '../../config/spec.js';
import type { Preset } from '../preset/preset-schema.js';
import type { RunRecord } from '../record/record-schema.js';
import type { MeasuredCluster } from './measured-cluster.js';
import type { ToolImage } from './tool-image.js';

export interface BenchmarkOptions {
  spec: ClusterSpec;
  cluster: MeasuredCluster;
  /** One for each architecture among the nodes. */
  images: ReadonlyMap<string, ToolImage>;
  preset: { name: string; values: Preset; overrides: string[] };
  software: RunRecord['software'];
  seed: number;
  startedAt: Date;
  tell: (line: string) => void;
  signal: AbortSignal;
}
