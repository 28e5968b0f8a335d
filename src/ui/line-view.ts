import type { RunEvent } from '../runner/events.js';
import { createRunModel, type RunModel, record } from './run-model.js';
import { summary } from './summary.js';
import { harmless } from './text-table.js';
import { durationText, namesOrCount, percent } from './units.js';
import type { Screen, View } from './view.js';

export interface LineViewOptions {
  screen: Screen;
  verbose?: boolean;
}

/** A transfer says how far it is at most this often. */
const PROGRESS_EVERY_MS = 10_000;

/** For logs and pipes: a line for whatever changed, failed or was left out, and the summary. */
export function createLineView({ screen, verbose = false }: LineViewOptions): View {
  const { style, width } = screen;
  const model = createRunModel();
  const lines = new LineWriter(model, verbose);
  const view = (event: RunEvent): void => {
    record(model, event);
    const stamp = style.dim(`[${durationText(event.ms).padStart(9)}]`);
    for (const line of lines.of(event)) screen.write(`${stamp} ${line}\n`);
    if (event.type !== 'run-finished') return;
    for (const line of summary({ model, width, style, verbose })) screen.write(`${line}\n`);
  };
  return Object.assign(view, { end: async () => undefined });
}

/** Chooses the words, and remembers what has been said already. */
class LineWriter {
  readonly #model: RunModel;
  readonly #verbose: boolean;
  readonly #progressSaidMs = new Map<string, number>();
  readonly #leftOut = new Set<string>();

  constructor(model: RunModel, verbose: boolean) {
    this.#model = model;
    this.#verbose = verbose;
  }

  of(event: RunEvent): string[] {
    switch (event.type) {
      case 'run-started':
        return [`${event.command}: cluster ${event.cluster}, ${namesOrCount(event.nodes, 'node', 8)}`];
      case 'step-started':
        return this.#verbose ? [`${this.#place(event)}: begun`] : [];
      case 'change':
        return this.#verbose ? [`${this.#place(event)}: ${harmless(event.what)}`] : [];
      case 'progress':
        return this.#progress(event);
      case 'step-finished':
        return this.#finished(event);
      case 'note':
        return [`${event.level}: ${event.node === undefined ? '' : `${event.node}: `}${harmless(event.message)}`];
      case 'waiting':
        return [this.#waiting(event)];
      case 'plan':
      case 'run-finished':
        return [];
    }
  }

  #place({ node, step }: { node?: string; step: string }): string {
    const title = this.#model.steps.get(step)?.title ?? step;
    return node === undefined ? title : `${node}: ${title}`;
  }

  #progress(event: Extract<RunEvent, { type: 'progress' }>): string[] {
    const key = `${event.step} ${event.node}`;
    const { startedMs = event.ms } = this.#model.steps.get(event.step)?.runs.get(event.node) ?? {};
    const saidMs = this.#progressSaidMs.get(key) ?? startedMs;
    if (event.ms - saidMs < PROGRESS_EVERY_MS) return [];
    this.#progressSaidMs.set(key, event.ms);
    return [`${this.#place(event)}: ${percent(event)}`];
  }

  #waiting({ step, nodes, sinceMs, reason, ms }: Extract<RunEvent, { type: 'waiting' }>): string {
    const place = this.#place({ step, ...(nodes.length > 0 && { node: namesOrCount(nodes, 'node', 8) }) });
    const why = reason === undefined ? '' : `: ${harmless(reason)}`;
    return `${place}: still waiting after ${durationText(ms - sinceMs)}${why}`;
  }

  #finished(event: Extract<RunEvent, { type: 'step-finished' }>): string[] {
    const { outcome, node = '', error, reason, durationMs } = event;
    const took = durationText(durationMs);
    switch (outcome) {
      case 'unchanged':
        return this.#verbose ? [`${this.#place(event)}: nothing to do (${took})`] : [];
      case 'changed':
        return [`${this.#place(event)}: done in ${took}`];
      case 'failed':
        return [`${this.#place(event)}: failed after ${took}${error ? `: ${harmless(error.message)}` : ''}`];
      case 'skipped':
      case 'cancelled': {
        // One failure leaves out every later step of its node: said once.
        if (this.#leftOut.has(node) && !this.#verbose) return [];
        this.#leftOut.add(node);
        return [`${this.#place(event)}: ${outcome}${reason === undefined ? '' : `, ${harmless(reason)}`}`];
      }
    }
  }
}
