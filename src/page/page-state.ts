import type { LogStatus } from '../cluster/cluster-status.js';
import type { StatusDocument } from '../cluster/status-document.js';
import type { StepOutcome } from '../runner/events.js';

/*
 * Everything that the page shows, as plain JSON. All times are of the operator's clock, in ISO 8601; texts may come from
 * machines, and are shown as they are, never as markup.
 */

/** What `serve` knows at a moment. */
export interface PageState {
  /** Absent until the cluster was first looked at. */
  status?: TakenStatus;
  /** Boots of each node, as far as they were seen. */
  epochs: NodeEpochs[];
  /** The newest first. */
  snapshots: PageSnapshot[];
  /** Absent while nothing is followed. */
  log?: LogStatus;
  /** What runs now. */
  now?: PageRun;
  /** The last run that ended. */
  last?: PageRun;
  /** How runs ended since `serve` was started. */
  runs: RunTotal[];
  /** What `serve` waits for, as a sentence; absent where it waits for nothing. */
  waitsFor?: string;
  /** The newest last; bounded. */
  events: PageEvent[];
}

export interface TakenStatus {
  takenAt: string;
  document: StatusDocument;
}

export interface NodeEpochs {
  node: string;
  /** The newest last. */
  epochs: Epoch[];
}

/** One boot of a node. */
export interface Epoch {
  bootId: string;
  /** When it was first seen. */
  from: string;
  /** When it was seen to have ended; absent while it lasts, as far as anybody knows. */
  until?: string;
}

export interface PageSnapshot {
  id: string;
  takenAt: string;
  objects: number;
  /** Why nothing could be restored from it; empty where it can. */
  problems: string[];
}

export interface PageRun {
  /** Told apart by it. */
  id: string;
  command: string;
  since: string;
  /** So far, while it runs. */
  durationMs: number;
  outcome: RunOutcome | 'running';
  changed: number;
  /** The one that it ended with. */
  error?: { message: string; hint?: string };
  /** In the order of the sequence. */
  steps: PageStep[];
}

/** As the exit code says it. */
export type RunOutcome = 'done' | 'partial' | 'failed' | 'refused' | 'interrupted';

export interface PageStep {
  id: string;
  title: string;
  runs: PageStepRun[];
}

/** A step on one node, or of the cluster as a whole. */
export interface PageStepRun {
  node?: string;
  outcome: StepOutcome | 'running';
  /** Milliseconds since the run began. */
  startMs: number;
  /** Absent while it runs. */
  endMs?: number;
  /** Why it takes long, was skipped or failed. */
  reason?: string;
}

export interface RunTotal {
  outcome: RunOutcome;
  count: number;
  seconds: number;
}

export interface PageEvent {
  /** Counts up. */
  id: number;
  time: string;
  level: 'info' | 'good' | 'warning' | 'error';
  node?: string;
  text: string;
}

/** Where the page has its state from. */
export interface PageSource {
  current(): PageState;
  /** Calls back after each change; the result takes the callback off again. */
  changed(listener: () => void): () => void;
}
