import { DefaultRenderer, Listr, ListrLogger, ListrTaskState } from 'listr2';
import type { RunEvent } from '../runner/events.js';
import { createRunModel, type RunModel, record } from './run-model.js';
import { type RowState, stepRow } from './step-row.js';
import type { Style } from './style.js';
import { summary } from './summary.js';
import { TerminalOutput } from './terminal-output.js';
import { count } from './units.js';
import { screenWidth, type View } from './view.js';

export interface ListrViewOptions {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  style: Style;
  verbose?: boolean;
  /** Monotonic milliseconds; only differences count. */
  now: () => number;
}

type Board = Listr<unknown, typeof DefaultRenderer, typeof DefaultRenderer>;
type Task = Board['tasks'][number];

const TASK_STATES: Readonly<Record<RowState, ListrTaskState>> = {
  running: ListrTaskState.STARTED,
  done: ListrTaskState.COMPLETED,
  failed: ListrTaskState.FAILED,
  skipped: ListrTaskState.SKIPPED,
};
/** Icon, its space, and the two columns listr2 leaves free. */
const ROW_MARGIN = 4;

/** For terminals: one line per step that has begun, redrawn in place; the summary below it at the end. */
export function createListrView(options: ListrViewOptions): View {
  const { stdout, style, verbose = false } = options;
  const model = createRunModel();
  const board = new StepBoard(model, options);
  let summarised = false;
  const view = (event: RunEvent): void => {
    record(model, event);
    board.noticed(event);
  };
  const end = async (): Promise<void> => {
    await board.end();
    if (summarised) return;
    summarised = true;
    const lines = summary({ model, width: screenWidth(stdout.columns), style, verbose });
    if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
  };
  return Object.assign(view, { end });
}

/**
 * Draws the steps with listr2's renderer. Its executor is left aside, as the runner owns the work; so are its signal
 * listeners, since SIGINT must stop the run in good order and not the process.
 */
class StepBoard {
  readonly #model: RunModel;
  readonly #options: ListrViewOptions;
  readonly #listr: Board = new Listr([], { registerSignalListeners: false, exitOnError: false });
  readonly #rows = new Map<string, Task>();
  #renderer: DefaultRenderer | undefined;
  #rendering: Promise<void> | undefined;
  /** Our clock when the run's was at 0. */
  #zeroMs: number | undefined;
  #ended = false;

  constructor(model: RunModel, options: ListrViewOptions) {
    this.#model = model;
    this.#options = options;
  }

  noticed(event: RunEvent): void {
    this.#zeroMs ??= this.#options.now() - event.ms;
    if (event.type === 'step-started' && !this.#ended) this.#begin();
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#rendering;
    this.#renderer?.end();
  }

  #begin(): void {
    if (this.#renderer) return;
    const { stdout, stderr } = this.#options;
    const logger = new ListrLogger({ useIcons: true, toStderr: [], processOutput: new TerminalOutput(stdout, stderr) });
    const renderer = new StepRenderer(this.#listr, logger, () => this.#draw());
    this.#renderer = renderer;
    this.#rendering = renderer.render();
  }

  /** Brings listr2's tasks up to date with the model, just before they are drawn. */
  #draw(): void {
    const { stdout, style, now } = this.#options;
    const width = screenWidth(stdout.columns) - ROW_MARGIN;
    const nowMs = this.#model.finished?.ms ?? now() - (this.#zeroMs ?? 0);
    for (const step of this.#model.steps.values()) {
      if (step.runs.size === 0) continue;
      const task = this.#row(step.id);
      const { state, text } = stepRow({ step, model: this.#model, nowMs, width, style });
      task.title = text;
      task.state = TASK_STATES[state];
    }
    this.#fold(stdout.rows);
  }

  #row(id: string): Task {
    const known = this.#rows.get(id);
    if (known) return known;
    this.#listr.add({ title: id, task: () => undefined });
    const task = this.#listr.tasks.at(-1) as Task;
    // A task is drawn only once it was found enabled.
    void task.check({});
    this.#rows.set(id, task);
    return task;
  }

  /** A list taller than the terminal cannot be redrawn: the oldest finished steps make room, until the end. */
  #fold(rows: number | undefined): void {
    const tasks = [...this.#rows.values()];
    const height = tasks.reduce((sum, { title = '' }) => sum + title.split('\n').length, 0);
    const excess = this.#ended || !rows ? 0 : height - (rows - 2);
    if (excess <= 0) return;
    const finished = tasks.filter(
      ({ state }) => state === ListrTaskState.COMPLETED || state === ListrTaskState.SKIPPED,
    );
    const hidden = finished.slice(0, excess + 1);
    for (const task of hidden) task.title = undefined;
    const [first] = hidden;
    if (first) first.title = this.#options.style.dim(`${count(hidden.length, 'step')} done`);
  }
}

/** listr2's renderer, told to look before it draws. */
class StepRenderer extends DefaultRenderer {
  readonly #beforeDrawing: () => void;

  constructor(listr: Board, logger: ListrLogger, beforeDrawing: () => void) {
    super(listr.tasks, { logger, formatOutput: 'truncate', showErrorMessage: false }, listr.events);
    this.#beforeDrawing = beforeDrawing;
  }

  override create(options?: Parameters<DefaultRenderer['create']>[0]): string {
    this.#beforeDrawing();
    return super.create(options);
  }
}
