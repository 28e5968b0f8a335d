import type { DisklessError } from '../errors.js';
import type { ClusterPlan } from '../plan/plan.js';

/** The versioned stream that every view, the journal and `--output json` are drawn from. */
export const EVENT_SCHEMA = 1;

export type StepOutcome = 'changed' | 'unchanged' | 'failed' | 'skipped' | 'cancelled';

export interface NodeSummary {
  name: string;
  role: 'control-plane' | 'worker';
  nodeIp?: string;
  /**
   * `ready` after changes and `unchanged` without any; `failed`; or `skipped`: it was unreachable or failed preflight,
   * or the run ended before its turn.
   */
  state: 'ready' | 'skipped' | 'failed' | 'unchanged';
  bootId?: string;
  /** Of its kubelet, e.g. `v1.36.3`, once it was Ready. */
  version?: string;
  changes: number;
  bytesSent: number;
  reason?: string;
}

export type RunEventBody =
  | {
      type: 'run-started';
      command: string;
      cluster: string;
      nodes: string[];
      /** The sequence in its order: what views call the steps. */
      steps?: { id: string; title: string }[];
    }
  | { type: 'step-started'; step: string; node?: string }
  | { type: 'progress'; step: string; node: string; done: number; total: number }
  /**
   * A step has been running for long: since then (as `ms` counts), on these nodes (none: a step of the cluster's). Why, as
   * far as it was seen.
   */
  | { type: 'waiting'; step: string; nodes: string[]; sinceMs: number; reason?: string }
  /** `node` is absent for changes of cluster objects. */
  | { type: 'change'; step: string; node?: string; what: string }
  | {
      type: 'step-finished';
      step: string;
      node?: string;
      outcome: StepOutcome;
      durationMs: number;
      error?: DisklessError;
      /** Why it was skipped. */
      reason?: string;
    }
  | { type: 'note'; level: 'info' | 'warning'; code: string; message: string; node?: string; hint?: string }
  /** What `plan` found out. */
  | { type: 'plan'; plan: ClusterPlan }
  | {
      type: 'run-finished';
      exit: number;
      durationMs: number;
      changed: number;
      nodes: NodeSummary[];
      /** What was not tried, though the cluster works as far as was seen, e.g. `pod network`. */
      unproven?: string[];
      /** Path of the admin kubeconfig, when there is one. */
      kubeconfig?: string;
      /** The one that the exit code is for; its step has told it already. */
      error?: DisklessError;
    };

/** `v` schema version, `ms` monotonic milliseconds since the run began, `time` wall clock in ISO 8601. */
export type Stamped<Body> = { v: typeof EVENT_SCHEMA; ms: number; time: string } & Body;
export type RunEvent = Stamped<RunEventBody>;

export type EventSink = (event: RunEvent) => void;
