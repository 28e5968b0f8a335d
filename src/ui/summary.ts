import { EXIT } from '../errors.js';
import type { NodeSummary, RunEvent } from '../runner/events.js';
import { errorReport } from './error-report.js';
import { type Group, groupBy } from './group-by.js';
import { nodeTable } from './node-table.js';
import { type RunModel, wallTime } from './run-model.js';
import type { Style } from './style.js';
import { harmless, wrap } from './text-table.js';
import { timingTable } from './timing-table.js';
import { count, durationText, namesOrCount } from './units.js';

export interface SummaryOptions {
  model: RunModel;
  width: number;
  style: Style;
  verbose?: boolean;
}

const MOST_NOTES_OF_A_KIND = 5;

type RunFinished = Extract<RunEvent, { type: 'run-finished' }>;

/** What a person reads when a run is over, the outcome last, where the eye is. Sections are parted by empty lines. */
export function summary({ model, width, style, verbose = false }: SummaryOptions): string[] {
  const { finished, errors } = model;
  if (finished === undefined) return [];
  const stepTitle = (step: string): string => model.steps.get(step)?.title ?? step;
  const sections = [
    finished.nodes.length > 0 ? nodeTable({ nodes: finished.nodes, width, style }) : [],
    timingTable({ model, width, style }),
    noteLines({ model, width, style, verbose }),
    errorReport({ errors, width, style, verbose, stepTitle }),
    outcomeLines({ model, width, style }, finished),
  ];
  return sections.filter((section) => section.length > 0).flatMap((section) => ['', ...section]);
}

/** Equal notes of several nodes on one line; of many different ones of a kind only the first. */
function noteLines({ model, width, style, verbose }: SummaryOptions): string[] {
  return groupBy(model.notes, ({ level, code }) => `${level} ${code}`).flatMap((kind) => {
    const equal = groupBy(kind, ({ message, hint = '' }) => `${message}\n${hint}`);
    const shown = verbose ? equal : equal.slice(0, MOST_NOTES_OF_A_KIND);
    const more = equal.length - shown.length;
    const rest = more > 0 ? [style.dim(`  … ${more} more of this kind with --verbose`)] : [];
    return [...shown.flatMap((group) => noteText(group, { width, style })), ...rest];
  });
}

function noteText(
  group: Group<RunModel['notes'][number]>,
  { width, style }: { width: number; style: Style },
): string[] {
  const [note] = group;
  const nodes = group.flatMap(({ node }) => node ?? []);
  const place = nodes.length === 0 ? '' : `${namesOrCount(nodes, 'node', 8)}: `;
  const [head = '', ...rest] = wrap(harmless(`${place}${note.message}`), { width: width - 2 });
  const hint = note.hint === undefined ? [] : wrap(`hint: ${note.hint}`, { width, indent: '    ' });
  const mark = note.level === 'warning' ? style.yellow('!') : style.cyan('i');
  return [`${mark} ${head}`, ...rest.map((line) => `  ${line}`), ...hint];
}

function outcomeLines({ model, width, style }: SummaryOptions, finished: RunFinished): string[] {
  const { exit, kubeconfig } = finished;
  const sentence = `${outcome(model, finished)} (${timesText(model, finished)})`;
  const colour = exit === EXIT.done ? style.green : exit === EXIT.partial ? style.yellow : style.red;
  const mark = exit === EXIT.done ? '✔' : exit === EXIT.partial ? '!' : '✖';
  const [head = '', ...rest] = wrap(sentence, { width: width - 2 });
  return [
    colour(style.bold(`${mark} ${head}`)),
    ...rest.map((line) => colour(style.bold(`  ${line}`))),
    ...(kubeconfig === undefined ? [] : [`  kubeconfig: ${kubeconfig}`]),
  ];
}

/** Nodes are Ready well before it was seen that everything comes through. */
function timesText(model: RunModel, { exit, durationMs }: RunFinished): string {
  const ready = model.steps.get('ready');
  const works = exit === EXIT.done || exit === EXIT.partial;
  if (!works || ready === undefined || ready.runs.size === 0) return durationText(durationMs);
  const { beganMs, elapsedMs } = wallTime(ready, model.ms);
  return `Ready after ${durationText(beganMs + elapsedMs - (model.started?.ms ?? 0))}, proven after ${durationText(durationMs)}`;
}

function outcome(model: RunModel, { exit, nodes, changed, unproven = [] }: RunFinished): string {
  const { command = 'run', cluster = '' } = model.started ?? {};
  const changes = changed === 0 ? 'nothing changed' : count(changed, 'change');
  const ready = nodes.filter(isReady).length;
  const doubt = unproven.length === 0 ? '' : `; not proven: ${unproven.join(', ')}`;
  switch (exit) {
    case EXIT.done:
      return `${command}: cluster ${cluster} works, ${count(ready, 'node')} ready, ${changes}${doubt}`;
    case EXIT.partial:
      return `${command}: cluster ${cluster} works, but ${without(nodes)}; ${changes}${doubt}`;
    case EXIT.usage:
      return `${command}: not started, the input is wrong`;
    case EXIT.refused:
      return `${command}: refused, a person must decide; ${changes}`;
    case EXIT.interrupted:
      return `${command}: interrupted, ${changes} so far; the same command continues`;
    case EXIT.bug:
      return `${command}: failed by a fault in k8s-diskless itself, ${changes} so far`;
    default:
      return `${command}: failed, ${changes} so far; the same command continues`;
  }
}

function isReady({ state }: NodeSummary): boolean {
  return state === 'ready' || state === 'unchanged';
}

function without(nodes: readonly NodeSummary[]): string {
  const missing = nodes.filter((node) => !isReady(node));
  const names = missing.map(({ name }) => name).join(', ');
  if (missing.length === 0) return 'not everything is as it should be';
  return `${count(missing.length, 'node')} of ${nodes.length} ${missing.length === 1 ? 'is' : 'are'} missing: ${names}`;
}
