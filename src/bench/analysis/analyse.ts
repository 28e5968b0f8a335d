import type { RunRecord } from '../record/record-schema.js';
import { type Cell, cells } from './cells.js';
import { type Efficiency, efficiencies } from './efficiency.js';
import { type Metric, metricsOf } from './metrics.js';
import { type PairValue, pairMatrix } from './pair-matrix.js';
import { type KubeletComparison, kubeletComparison, type PodStartup, podStartup } from './pod-startup.js';
import {
  type ApiSummary,
  apiLatencies,
  dnsLatencies,
  type EtcdSummary,
  etcdLatencies,
  type LatencySummary,
} from './requests.js';
import { type RoundTrips, roundTrips } from './round-trips.js';
import { countedRounds, type RoundState, roundStates, voidRun } from './rounds.js';
import { judgeSlos, type Slo } from './slo.js';
import { type Warning, warningsOf } from './warnings.js';

/** Everything that is said about one run, computed from its record alone; views only draw it. */
export interface Analysis {
  record: RunRecord;
  rounds: RoundState[];
  counted: number[];
  /** Why the run supports no verdict; empty when it does. */
  void: string[];
  startup: PodStartup;
  kubelet: KubeletComparison | undefined;
  cells: Cell[];
  efficiencies: Efficiency[];
  goodputMatrix: PairValue[];
  roundTripMatrix: PairValue[];
  roundTrips: RoundTrips[];
  api: ApiSummary[];
  dns: LatencySummary | undefined;
  etcd: EtcdSummary;
  slos: Slo[];
  metrics: Metric[];
  warnings: Warning[];
}

export function analyse(record: RunRecord): Analysis {
  const counted = countedRounds(record);
  const figures = {
    record,
    counted,
    startup: podStartup(record, counted),
    kubelet: kubeletComparison(record),
    cells: cells(record, counted),
    efficiencies: efficiencies(record, counted),
    api: apiLatencies(record, counted),
    dns: dnsLatencies(record, counted),
    metrics: metricsOf(record),
  };
  return {
    ...figures,
    rounds: roundStates(record),
    void: voidRun(record),
    goodputMatrix: pairMatrix(record, counted, 'tcp'),
    roundTripMatrix: pairMatrix(record, counted, 'round-trip'),
    roundTrips: roundTrips(record, counted),
    etcd: etcdLatencies(record, counted),
    slos: judgeSlos(figures.startup, figures.api),
    warnings: warningsOf(figures),
  };
}
