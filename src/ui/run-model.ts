import type { DisklessError } from '../errors.js';
import type { RunEvent, RunEventBody, StepOutcome } from '../runner/events.js';

type EventOf<Type extends RunEventBody['type']> = Extract<RunEvent, { type: Type }>;

/** One step on one node; cluster steps have the node ''. */
export interface StepRun {
  node: string;
  state: 'running' | StepOutcome;
  /** Milliseconds since the run began. */
  startedMs: number;
  durationMs: number;
  progress?: { done: number; total: number };
  /** It takes long: why, as far as it was seen. */
  waits?: { reason?: string };
  error?: DisklessError;
  reason?: string;
}

export interface StepState {
  id: string;
  title: string;
  runs: Map<string, StepRun>;
}

/** All that has happened, as views need it. */
export interface RunModel {
  started?: EventOf<'run-started'>;
  finished?: EventOf<'run-finished'>;
  /** In the order of the sequence where it was announced, else of their first event. */
  steps: Map<string, StepState>;
  notes: EventOf<'note'>[];
  errors: DisklessError[];
  /** Time of the latest event. */
  ms: number;
}

export function createRunModel(): RunModel {
  return { steps: new Map(), notes: [], errors: [], ms: 0 };
}

/** Folds one event into the model. */
export function record(model: RunModel, event: RunEvent): void {
  model.ms = event.ms;
  switch (event.type) {
    case 'run-started':
      model.started = event;
      for (const { id, title } of event.steps ?? []) model.steps.set(id, { id, title, runs: new Map() });
      break;
    case 'step-started':
      openRun(model, event);
      break;
    case 'progress':
      openRun(model, event).progress = { done: event.done, total: event.total };
      break;
    case 'waiting':
      for (const node of event.nodes.length > 0 ? event.nodes : ['']) noteWait(model, event, node);
      break;
    case 'step-finished':
      closeRun(model, event);
      break;
    case 'note':
      model.notes.push(event);
      break;
    case 'run-finished':
      model.finished = event;
      if (event.error) addError(model, event.error);
      break;
    case 'change':
      break;
  }
}

function openRun(model: RunModel, { step: id, node = '', ms }: { step: string; node?: string; ms: number }): StepRun {
  const step = model.steps.get(id) ?? { id, title: id, runs: new Map<string, StepRun>() };
  model.steps.set(id, step);
  const run = step.runs.get(node) ?? { node, state: 'running', startedMs: ms, durationMs: 0 };
  step.runs.set(node, run);
  return run;
}

function noteWait(model: RunModel, { step, sinceMs, reason }: EventOf<'waiting'>, node: string): void {
  openRun(model, { step, node, ms: sinceMs }).waits = { ...(reason !== undefined && { reason }) };
}

function closeRun(model: RunModel, event: EventOf<'step-finished'>): void {
  const run = openRun(model, event);
  const { outcome, durationMs, error, reason, ms } = event;
  Object.assign(run, { state: outcome, durationMs, startedMs: Math.max(0, ms - durationMs) });
  delete run.waits;
  if (reason !== undefined) run.reason = reason;
  if (error === undefined) return;
  run.error = error;
  addError(model, error);
}

/** The error that ends a run is often one that a step has reported already. */
function addError(model: RunModel, error: DisklessError): void {
  const known = model.errors.some(
    (other) =>
      other === error || (other.code === error.code && other.host === error.host && other.message === error.message),
  );
  if (!known) model.errors.push(error);
}

export interface StepCounts {
  running: StepRun[];
  /** Did its work or found it done. */
  good: StepRun[];
  failed: StepRun[];
  /** Skipped or cancelled. */
  left: StepRun[];
}

export function stepCounts({ runs }: StepState): StepCounts {
  const all = [...runs.values()];
  const inState = (...states: StepRun['state'][]): StepRun[] => all.filter(({ state }) => states.includes(state));
  return {
    running: inState('running'),
    good: inState('changed', 'unchanged'),
    failed: inState('failed'),
    left: inState('skipped', 'cancelled'),
  };
}

/** Runs that did something: skipped ones have no duration worth a word. */
export function timedRuns({ runs }: StepState): StepRun[] {
  return [...runs.values()].filter(({ state }) => state !== 'skipped' && state !== 'cancelled');
}

/** From the first start to the last end, or to now while something runs. */
export function wallTime(step: StepState, nowMs: number): { beganMs: number; elapsedMs: number } {
  const runs = timedRuns(step);
  const beganMs = Math.min(...runs.map((run) => run.startedMs));
  const ends = runs.map((run) => (run.state === 'running' ? nowMs : run.startedMs + run.durationMs));
  return runs.length === 0 ? { beganMs: nowMs, elapsedMs: 0 } : { beganMs, elapsedMs: Math.max(...ends) - beganMs };
}

/** The run that takes or took longest. */
export function slowest(runs: readonly StepRun[], nowMs: number): StepRun | undefined {
  const took = (run: StepRun): number => (run.state === 'running' ? nowMs - run.startedMs : run.durationMs);
  return runs.toSorted((a, b) => took(b) - took(a))[0];
}
