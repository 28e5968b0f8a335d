import type { Style } from '../../ui/style.js';
import { textTable, wrap } from '../../ui/text-table.js';
import type { GateCheck } from '../verdict/gate.js';
import { type ComparedRuns, comparisonNotes } from './compare/compare-view.js';
import { jsonText } from './json.js';
import { escaped, escapedRows, markdownTable } from './markdown.js';
import { oneLine } from './one-line.js';

export type GateFormat = 'terminal' | 'md' | 'json';
export type GateOutcome = 'passed' | 'failed' | 'void';

export interface GateReportOptions {
  runs: ComparedRuns;
  checks: readonly GateCheck[];
  format: GateFormat;
  width: number;
  style: Style;
}

export function gateOutcome(runs: ComparedRuns, checks: readonly GateCheck[]): GateOutcome {
  if (runs.void.length > 0) return 'void';
  return checks.some(({ passed }) => passed === false) ? 'failed' : 'passed';
}

export function gateReport({ runs, checks, format, width, style }: GateReportOptions): string {
  switch (format) {
    case 'json':
      return jsonText(gateDocument(runs, checks));
    case 'md':
      return markdown(runs, checks);
    case 'terminal':
      return `${terminalLines(runs, checks, { width, style }).join('\n')}\n`;
  }
}

function gateDocument(runs: ComparedRuns, checks: readonly GateCheck[]) {
  return {
    format: 'k8s-diskless-bench-gate',
    schema: 1,
    outcome: gateOutcome(runs, checks),
    run: runs.b.id,
    baseline: runs.a.id,
    drift: runs.drift,
    void: runs.void,
    checks: checks.map(({ name, passed, message }) => ({ name, passed: passed ?? null, message })),
  };
}

function markOf({ passed }: GateCheck): string {
  if (passed === undefined) return '? not judged';
  return passed ? '✓ passed' : '✕ failed';
}

function sentence(runs: ComparedRuns, checks: readonly GateCheck[]): string {
  const failed = checks.filter(({ passed }) => passed === false).length;
  const unjudged = checks.filter(({ passed }) => passed === undefined).length;
  const rest = unjudged === 0 ? '' : `, ${unjudged} of ${checks.length} checks could not be judged`;
  switch (gateOutcome(runs, checks)) {
    case 'void':
      return 'gate void: the runs support no verdict';
    case 'failed':
      return `gate failed: ${failed} of ${checks.length} checks${rest}`;
    case 'passed':
      return `gate passed${rest}`;
  }
}

function terminalLines(
  runs: ComparedRuns,
  checks: readonly GateCheck[],
  { width, style }: { width: number; style: Style },
): string[] {
  const paint = (text: string, { passed }: GateCheck): string =>
    passed === undefined ? style.yellow(text) : passed ? style.green(text) : style.red(text);
  const columns = [
    { title: 'CHECK', cell: ({ name }: GateCheck) => name },
    { title: '', cell: markOf, paint },
    { title: '', cell: ({ message }: GateCheck) => message },
  ];
  const outcome = gateOutcome(runs, checks);
  const colour = outcome === 'passed' ? style.green : style.red;
  return [
    `run ${runs.b.id} against ${runs.a.id}`,
    ...textTable({ columns, rows: checks, width, style }),
    ...comparisonNotes(runs).flatMap((note) => wrap(`! ${oneLine(note)}`, { width }).map(style.yellow)),
    colour(style.bold(sentence(runs, checks))),
  ];
}

function markdown(runs: ComparedRuns, checks: readonly GateCheck[]): string {
  const notes = comparisonNotes(runs).map((note) => `- ⚠️ ${escaped(note)}`);
  const rows = checks.map((check) => [check.name, markOf(check), check.message]);
  const sections = [
    `### Benchmark: ${sentence(runs, checks)}`,
    markdownTable(['check', '', ''], escapedRows(rows)),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
    `<sub>run \`${runs.b.id}\` against \`${runs.a.id}\`</sub>`,
  ];
  return `${sections.join('\n\n')}\n`;
}
