import type { Style } from '../../ui/style.js';
import { textTable, wrap } from '../../ui/text-table.js';
import type { GateCheck } from '../verdict/gate.js';
import { type ComparedRuns, comparisonNotes } from './compare/compare-view.js';
import { gateMessage } from './gate-message.js';
import { jsonText } from './json.js';
import { escaped, escapedRows, markdownTable } from './markdown.js';
import { oneLine } from './one-line.js';

export type GateFormat = 'terminal' | 'md' | 'json';
export type GateOutcome = 'passed' | 'failed' | 'void';

export interface Judged {
  runs: ComparedRuns;
  checks: readonly GateCheck[];
  /** Why the runs prove no difference, though their presets ask for rounds enough. */
  lost: readonly string[];
}

export interface GateReportOptions extends Judged {
  format: GateFormat;
  width: number;
  style: Style;
}

/** What fails needs no further rounds to fail; only what would pass is void without them. */
export function gateOutcome({ runs, checks, lost }: Judged): GateOutcome {
  if (runs.void.length > 0) return 'void';
  if (checks.some(({ passed }) => passed === false)) return 'failed';
  return lost.length > 0 ? 'void' : 'passed';
}

export function gateReport({ format, width, style, ...judged }: GateReportOptions): string {
  switch (format) {
    case 'json':
      return jsonText(gateDocument(judged));
    case 'md':
      return markdown(judged);
    case 'terminal':
      return `${terminalLines(judged, { width, style }).join('\n')}\n`;
  }
}

function gateDocument({ runs, checks, lost }: Judged) {
  return {
    format: 'k8s-diskless-bench-gate',
    schema: 1,
    outcome: gateOutcome({ runs, checks, lost }),
    run: runs.b.id,
    baseline: runs.a.id,
    drift: runs.drift,
    void: [...runs.void, ...lost],
    checks: checks.map((check) => ({ name: check.name, passed: check.passed ?? null, message: gateMessage(check) })),
  };
}

function markOf({ passed }: GateCheck): string {
  if (passed === undefined) return '? not judged';
  return passed ? '✓ passed' : '✕ failed';
}

function notesOf({ runs, lost }: Judged): string[] {
  return [...lost, ...comparisonNotes(runs)];
}

function sentence(judged: Judged): string {
  const { checks } = judged;
  const failed = checks.filter(({ passed }) => passed === false).length;
  const unjudged = checks.filter(({ passed }) => passed === undefined).length;
  const rest = unjudged === 0 ? '' : `, ${unjudged} of ${checks.length} checks could not be judged`;
  switch (gateOutcome(judged)) {
    case 'void':
      return 'gate void: the runs support no verdict';
    case 'failed':
      return `gate failed: ${failed} of ${checks.length} checks${rest}`;
    case 'passed':
      return `gate passed${rest}`;
  }
}

function terminalLines(judged: Judged, { width, style }: { width: number; style: Style }): string[] {
  const { runs, checks } = judged;
  const paint = (text: string, { passed }: GateCheck): string =>
    passed === undefined ? style.yellow(text) : passed ? style.green(text) : style.red(text);
  const columns = [
    { title: 'CHECK', cell: ({ name }: GateCheck) => name },
    { title: '', cell: markOf, paint },
    { title: '', cell: gateMessage },
  ];
  const outcome = gateOutcome(judged);
  const colour = outcome === 'passed' ? style.green : style.red;
  return [
    `run ${runs.b.id} against ${runs.a.id}`,
    ...textTable({ columns, rows: checks, width, style }),
    ...notesOf(judged).flatMap((note) => wrap(`! ${oneLine(note)}`, { width }).map(style.yellow)),
    colour(style.bold(sentence(judged))),
  ];
}

function markdown(judged: Judged): string {
  const { runs, checks } = judged;
  const notes = notesOf(judged).map((note) => `- ⚠️ ${escaped(note)}`);
  const rows = checks.map((check) => [check.name, markOf(check), gateMessage(check)]);
  const sections = [
    `### Benchmark: ${sentence(judged)}`,
    markdownTable(['check', '', ''], escapedRows(rows)),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
    `<sub>run \`${runs.b.id}\` against \`${runs.a.id}\`</sub>`,
  ];
  return `${sections.join('\n\n')}\n`;
}
