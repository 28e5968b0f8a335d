import { analyse } from '../../bench/analysis/analyse.js';
import type { ComparedRuns } from '../../bench/report/compare/compare-view.js';
import { type GateFormat, gateOutcome, gateReport } from '../../bench/report/gate-report.js';
import { carries } from '../../bench/verdict/compare.js';
import { gateChecks } from '../../bench/verdict/gate.js';
import { lostRounds } from '../../bench/verdict/lost-rounds.js';
import type { VerdictSettings } from '../../bench/verdict/verdict-settings.js';
import { EXIT, usageError } from '../../errors.js';
import { compared, type VerdictFlags, verdictSettings } from './compare.js';
import { GATE_FORMATS } from './formats.js';
import { formatOf, textSurface, writeOutput } from './output.js';
import { openRun } from './runs.js';

export interface GateFlags extends VerdictFlags {
  baseline: string;
  format?: GateFormat;
  out?: string;
}

/** 0: passed; 6: failed; 7: one of the runs supports no verdict. */
export async function gateCommand(run: string, flags: GateFlags): Promise<number> {
  const settings = await verdictSettings(flags);
  const baseline = await openRun(flags.baseline, flags);
  const candidate = await openRun(run, flags);
  const runs = compared(baseline, candidate, settings, flags);
  refuseTooFewRounds(runs, settings);
  const judged = {
    runs,
    checks: gateChecks(analyse(candidate), runs.comparison, settings),
    lost: lostRounds(baseline, candidate, runs.comparison),
  };
  const format = formatOf(flags.format, flags.out, GATE_FORMATS);
  await writeOutput(gateReport({ ...judged, format, ...textSurface(flags.out) }), flags.out);
  return { passed: EXIT.done, failed: EXIT.gateFailed, void: EXIT.runVoid }[gateOutcome(judged)];
}

/** A gate that can never fail would be worse than none. Rounds that were measured in vain are another matter. */
function refuseTooFewRounds({ a, b, comparison }: ComparedRuns, { alpha }: VerdictSettings): void {
  const family = comparison.compared.filter(({ headline }) => headline).length;
  const asked = [a.preset.values.rounds, b.preset.values.rounds] as const;
  if (carries(asked, family, alpha)) return;
  const sides = [a, b].map((run) => `${run.id} has ${run.preset.values.rounds}`);
  throw usageError({
    code: 'too-few-rounds',
    message: `${family} comparisons at α = ${alpha} need ${comparison.roundsNeeded} rounds a side: ${sides.join(', ')}`,
    hint: 'measure with the preset standard, or judge fewer figures: --set headline=[pods.running.p50]',
  });
}
