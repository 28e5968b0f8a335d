import { voidRun } from '../../bench/analysis/rounds.js';
import type { RunRecord } from '../../bench/record/record-schema.js';
import { htmlComparison } from '../../bench/report/compare/compare-html.js';
import { jsonComparison, markdownComparison, terminalComparison } from '../../bench/report/compare/compare-text.js';
import type { ComparedRuns } from '../../bench/report/compare/compare-view.js';
import { driftLines, refuseDrift } from '../../bench/verdict/comparable.js';
import { compareRuns } from '../../bench/verdict/compare.js';
import { loadVerdictSettings, type VerdictSettings } from '../../bench/verdict/verdict-settings.js';
import { EXIT, usageError } from '../../errors.js';
import type { StateFlags } from '../options.js';
import { COMPARE_FORMATS, type CompareFormat } from './formats.js';
import { formatOf, textSurface, writeOutput } from './output.js';
import { openRun } from './runs.js';

export interface VerdictFlags extends StateFlags {
  verdicts?: string;
  set: string[];
  allowDrift: boolean;
}

export interface CompareFlags extends VerdictFlags {
  format?: CompareFormat;
  out?: string;
}

export async function compareCommand(a: string, b: string, flags: CompareFlags): Promise<number> {
  const settings = await verdictSettings(flags);
  const runs = compared(await openRun(a, flags), await openRun(b, flags), settings, flags);
  const render: Record<CompareFormat, (runs: ComparedRuns) => string> = {
    terminal: (each) => `${terminalComparison(each, textSurface(flags.out)).join('\n')}\n`,
    md: markdownComparison,
    html: htmlComparison,
    json: jsonComparison,
  };
  await writeOutput(render[formatOf(flags.format, flags.out, COMPARE_FORMATS)](runs), flags.out);
  return EXIT.done;
}

export function verdictSettings({ verdicts, set }: VerdictFlags): Promise<VerdictSettings> {
  return loadVerdictSettings({ ...(verdicts !== undefined && { file: verdicts }), overrides: set });
}

/** @throws refusal (exit 5) when conditions differ and nobody allowed it, usage error when the runs share no figure */
export function compared(
  a: RunRecord,
  b: RunRecord,
  settings: VerdictSettings,
  { allowDrift }: Pick<VerdictFlags, 'allowDrift'>,
): ComparedRuns {
  if (!allowDrift) refuseDrift(a, b);
  const comparison = compareRuns(a, b, settings);
  if (comparison.compared.length === 0) {
    const message = `the runs ${a.id} and ${b.id} have no figure in common`;
    throw usageError({ code: 'nothing-to-compare', message, hint: 'look at each with k8s-diskless bench report' });
  }
  const reasons = [a, b].flatMap((run) => voidRun(run).map((reason) => `${run.id} supports no verdict: ${reason}`));
  return { a, b, comparison, drift: driftLines(a, b), void: reasons };
}
