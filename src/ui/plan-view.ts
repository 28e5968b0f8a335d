import type { ClusterPlan, NodePlan, PlanAction } from '../plan/plan.js';
import { type Group, groupBy } from './group-by.js';
import { PLAIN, type Style } from './style.js';
import { type Column, harmless, textTable, wrap } from './text-table.js';
import { bytesText, count } from './units.js';

export interface PlanViewOptions {
  plan: ClusterPlan;
  width: number;
  style?: Style;
  /** Lists every action, however many there are. */
  verbose?: boolean;
}

/** A blank node gets some sixty files: more of a kind are summed up. */
const MOST_OF_A_KIND = 8;

const MARKS: Readonly<Record<PlanAction['kind'], string>> = {
  install: '+',
  replace: '~',
  remove: '-',
  start: '▶',
  restart: '↻',
  'import-image': '+',
  'put-back': '~',
  'set-clock': '~',
  note: 'i',
};
const KIND_WORDS: Readonly<Record<PlanAction['kind'], [one: string, verb: string]>> = {
  install: ['file', 'to install'],
  replace: ['file', 'to replace'],
  remove: ['file', 'to remove'],
  start: ['unit', 'to start'],
  restart: ['unit', 'to restart'],
  'import-image': ['image', 'to import'],
  'put-back': ['setting', 'to put back'],
  'set-clock': ['clock', 'to set'],
  note: ['note', ''],
};

/** What `up` would do: the verdict on etcd, then nodes with equal work together. */
export function planLines(options: PlanViewOptions): string[] {
  const { plan, width, style = PLAIN } = options;
  const verdict = wrap(`etcd: ${plan.verdict.message}`, { width });
  const idle = plan.nodes.filter(({ actions }) => actions.length === 0);
  const busy = groupBy(
    plan.nodes.filter(({ actions }) => actions.length > 0),
    ({ role, state, actions }) => JSON.stringify([role, state, actions]),
  );
  return [
    ...verdict.map(style.bold),
    ...busy.flatMap((nodes) => ['', ...groupLines(nodes, options)]),
    ...(idle.length > 0 ? ['', ...idleLines(idle, options)] : []),
    ...(plan.notes.length > 0 ? [''] : []),
    ...plan.notes.flatMap((note) => wrap(`i ${harmless(note)}`, { width })),
    '',
    ...wrap(total(plan), { width }).map(style.bold),
  ];
}

function heading(nodes: Group<NodePlan>, { width, style = PLAIN }: PlanViewOptions): string[] {
  const [{ role, state }] = nodes;
  const names = nodes.map(({ name }) => name).join(', ');
  return wrap(`${names} (${role}, ${state})`, { width }).map(style.bold);
}

interface ActionRow {
  kind: PlanAction['kind'];
  subject: string;
  bytes: number;
  remark: string;
}

function groupLines(nodes: Group<NodePlan>, options: PlanViewOptions): string[] {
  const { width, style = PLAIN, verbose = false } = options;
  const rows = groupBy(nodes[0].actions, ({ kind }) => kind).flatMap((actions) =>
    verbose || actions.length <= MOST_OF_A_KIND ? actions.map(actionRow) : [sumRow(actions)],
  );
  const columns: Column<ActionRow>[] = [
    { title: '', cell: ({ kind }) => `  ${MARKS[kind]}`, paint: (text, { kind }) => colourOf(kind, style)(text) },
    { title: '', cell: ({ subject }) => subject },
    { title: '', cell: ({ bytes }) => (bytes > 0 ? bytesText(bytes) : ''), align: 'right', priority: 0 },
    { title: '', cell: ({ remark }) => remark, paint: (text) => style.dim(text) },
  ];
  return [...heading(nodes, options), ...textTable({ columns, rows, width, style }).slice(1)];
}

function actionRow({ kind, subject, bytes = 0, reason, disruption = 'none' }: PlanAction): ActionRow {
  const interrupts = disruption === 'none' ? '' : `interrupts ${disruption}: one node at a time`;
  const remark = [harmless(reason), interrupts].filter((text) => text !== '').join('; ');
  return { kind, subject: harmless(subject), bytes, remark };
}

function sumRow(actions: Group<PlanAction>): ActionRow {
  const [{ kind }] = actions;
  const [noun, verb] = KIND_WORDS[kind];
  return { kind, subject: `${count(actions.length, noun)} ${verb}`.trim(), bytes: bytesOf(actions), remark: '' };
}

function colourOf(kind: PlanAction['kind'], style: Style): (text: string) => string {
  if (kind === 'remove') return style.red;
  if (['replace', 'restart', 'put-back', 'set-clock'].includes(kind)) return style.yellow;
  return kind === 'note' ? style.cyan : style.green;
}

/** Nodes without work, by what they are. */
function idleLines(idle: readonly NodePlan[], options: PlanViewOptions): string[] {
  return groupBy(idle, ({ state, role }) => `${state} ${role}`).flatMap((nodes) => heading(nodes, options));
}

function total({ nodes }: ClusterPlan): string {
  const actions = nodes.flatMap((node) => node.actions.filter(({ kind }) => kind !== 'note'));
  if (actions.length === 0) return 'nothing to do';
  const busy = nodes.filter(({ actions: each }) => each.some(({ kind }) => kind !== 'note'));
  const bytes = bytesOf(actions);
  const size = bytes > 0 ? `, ${bytesText(bytes)} before compression` : '';
  return `${count(actions.length, 'action')} on ${count(busy.length, 'node')}${size}`;
}

function bytesOf(actions: readonly PlanAction[]): number {
  return actions.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
}
