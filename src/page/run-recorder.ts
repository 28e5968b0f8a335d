import { EXIT, withHint } from '../errors.js';
import type { RunEvent, RunEventBody } from '../runner/events.js';
import { createRunModel, type RunModel, record, type StepRun, type StepState } from '../ui/run-model.js';
import { count, durationText } from '../ui/units.js';
import type { PageEvent, PageRun, PageState, PageStepRun, RunOutcome, RunTotal } from './page-state.js';

type EventOf<Type extends RunEventBody['type']> = Extract<RunEvent, { type: Type }>;

/** What the page tells of runs. */
export type RecordedRuns = Pick<PageState, 'now' | 'last' | 'runs' | 'events'>;

export interface RunRecorder {
  /** Folds one event of a run. */
  record(event: RunEvent): void;
  /** Adds a word of somebody else's to the events. */
  say(event: Omit<PageEvent, 'id'>): void;
  recorded(): RecordedRuns;
}

/** So many are shown; the journal has all. */
const KEPT_EVENTS = 200;

/** From the events of one run after another to what the page tells of them. No clock but theirs. */
export function createRunRecorder(): RunRecorder {
  const totals = new Map<RunOutcome, RunTotal>();
  let events: PageEvent[] = [];
  let said = 0;
  let running: RunModel | undefined;
  let last: PageRun | undefined;

  const say = (event: Omit<PageEvent, 'id'>): void => {
    said += 1;
    events = [...events, { id: said, ...event }].slice(-KEPT_EVENTS);
  };

  return {
    say,
    record(event) {
      if (event.type === 'run-started') running = createRunModel();
      if (running === undefined) return;
      record(running, event);
      for (const words of wordsOf(running, event)) say({ time: event.time, ...words });
      if (event.type !== 'run-finished') return;
      last = pageRun(running);
      running = undefined;
      addTo(totals, outcomeOf(event.exit), event.durationMs / 1000);
    },
    recorded() {
      const now = running && pageRun(running);
      return { ...(now && { now }), ...(last && { last }), runs: [...totals.values()], events };
    },
  };
}

function addTo(totals: Map<RunOutcome, RunTotal>, outcome: RunOutcome, seconds: number): void {
  const before = totals.get(outcome) ?? { outcome, count: 0, seconds: 0 };
  totals.set(outcome, { outcome, count: before.count + 1, seconds: before.seconds + seconds });
}

const OUTCOMES: ReadonlyMap<number, RunOutcome> = new Map([
  [EXIT.done, 'done'],
  [EXIT.partial, 'partial'],
  [EXIT.refused, 'refused'],
  [EXIT.interrupted, 'interrupted'],
]);

const outcomeOf = (exit: number): RunOutcome => OUTCOMES.get(exit) ?? 'failed';

function pageRun({ started, finished, steps, ms, errors }: RunModel): PageRun {
  const error = finished?.error ?? (finished && finished.exit !== EXIT.done ? errors[0] : undefined);
  const { message, hint } = error ?? {};
  return {
    id: started?.time ?? '',
    command: started?.command ?? '',
    since: started?.time ?? '',
    durationMs: finished?.durationMs ?? ms,
    outcome: finished ? outcomeOf(finished.exit) : 'running',
    changed: finished?.changed ?? 0,
    ...(message !== undefined && { error: { message, ...(hint !== undefined && { hint }) } }),
    steps: [...steps.values()].map(pageStep),
  };
}

function pageStep({ id, title, runs }: StepState): PageRun['steps'][number] {
  return { id, title, runs: [...runs.values()].map(pageStepRun) };
}

function pageStepRun({ node, state, startedMs, durationMs, ...run }: StepRun): PageStepRun {
  const reason = run.error?.message ?? run.reason ?? run.waits?.reason;
  return {
    ...(node !== '' && { node }),
    outcome: state,
    startMs: startedMs,
    ...(state !== 'running' && { endMs: startedMs + durationMs }),
    ...(reason !== undefined && { reason }),
  };
}

type Words = Pick<PageEvent, 'level' | 'node' | 'text'>;

/** What of it is worth a line: what is only work going on stands in the waterfall. */
function wordsOf({ steps }: RunModel, event: RunEvent): Words[] {
  switch (event.type) {
    case 'run-started':
      return [{ level: 'info', text: `${event.command} began on ${count(event.nodes.length, 'node')}` }];
    case 'note':
      return [{ level: event.level, ...at(event.node), text: withHint(event.message, event.hint) }];
    case 'step-finished':
      return event.error === undefined
        ? []
        : [
            {
              level: 'error',
              ...at(event.node),
              text: `${steps.get(event.step)?.title ?? event.step}: ${withHint(event.error.message, event.error.hint)}`,
            },
          ];
    case 'run-finished':
      return [endingOf(event)];
    default:
      return [];
  }
}

function endingOf({ exit, durationMs, changed, error }: EventOf<'run-finished'>): Words {
  const outcome = outcomeOf(exit);
  const took = `after ${durationText(durationMs)}`;
  if (outcome === 'done') return { level: 'good', text: `done ${took}: ${count(changed, 'change')}` };
  const why = error === undefined ? '' : `: ${withHint(error.message, error.hint)}`;
  return { level: outcome === 'partial' ? 'warning' : 'error', text: `${outcome} ${took}${why}` };
}

const at = (node: string | undefined): { node?: string } => (node === undefined ? {} : { node });
