import type { Analysis } from '../../analysis/analyse.js';
import { stageBudget } from '../../analysis/stage-budget.js';
import { STAGE_TITLES } from '../../analysis/titles.js';
import { SLI_STAGE } from '../../record/terms.js';
import type { QuantileEstimate } from '../../stats/interval.js';
import { latencyText, quantileText } from '../figures.js';
import { DRAWN_STAGES, startupEcdf } from '../svg/ecdf.js';
import { bothSizes } from '../svg/size.js';
import { stageBudgetBar } from '../svg/stage-budget.js';
import { burstTable, neverStartedTable, startupTable } from '../tables/startup-tables.js';
import type { ReportTable } from '../tables/table.js';
import { figure, htmlTable, legend, section } from './parts.js';

export function startupSection(analysis: Analysis): string {
  const { stages, never } = analysis.startup;
  if (stages.length === 0) return '';
  const shown = stages.filter(({ stage }) => DRAWN_STAGES.includes(stage));
  const curves = shown.map(({ stage, quantiles: [median] }) => ({
    class: `stage-${stage}`,
    name: STAGE_TITLES[stage],
    ...(median && { figure: quantileText(median) }),
  }));
  const drawing = legend(curves) + bothSizes((size) => startupEcdf(shown, size));
  const table = startupTable(analysis);
  return section({
    id: 'startup',
    title: 'Pod startup',
    body: [
      figure({ title: 'From wanted to running.', caption: sentence(analysis), drawing, table }),
      budgetFigure(analysis),
      htmlTable(burstTable(analysis)),
      ...(never.length === 0 ? [] : [htmlTable(neverStartedTable(analysis))]),
    ],
  });
}

function sentence({ startup, record }: Analysis): string {
  const sli = startup.stages.find(({ stage }) => stage === SLI_STAGE);
  const [p50, , , p99] = sli?.quantiles ?? [];
  if (sli === undefined || p50 === undefined || p99 === undefined) return '';
  const pods = `${sli.sorted.length} pods, sent at ${record.preset.values.pods.rate} per second whatever became of the ones before`;
  if (p50.atLeast === Number.POSITIVE_INFINITY) return `Most of ${pods}, never ran.`;
  return `Half of ${pods}, ran within ${quantileText(p50)}. ${tailSentence(p99)}`;
}

function tailSentence({ value, atLeast, samples }: QuantileEstimate): string {
  if (atLeast === Number.POSITIVE_INFINITY || value === Number.POSITIVE_INFINITY)
    return 'More than one of 100 never ran.';
  if (value !== undefined) return `99 of 100 within ${latencyText(value)}.`;
  return `Their p99 is at least ${latencyText(atLeast)}: ${samples} pods do not bound it from above.`;
}

function budgetFigure({ record, counted }: Analysis): string {
  const shares = stageBudget(record, counted);
  if (shares.length === 0) return '';
  const total = shares.reduce((sum, { ms }) => sum + ms, 0);
  const table: ReportTable = {
    title: 'Mean time between stages',
    note: '',
    columns: ['', 'mean', 'share'],
    rows: shares.map(({ title, ms }) => [title, latencyText(ms), `${Math.round((ms / total) * 100)} %`]),
  };
  const entries = shares.map(({ stage, title, ms }) => ({
    class: `stage-${stage}`,
    name: title,
    figure: latencyText(ms),
  }));
  const drawing = bothSizes((size) => stageBudgetBar(shares, size)) + legend(entries);
  const caption = `Means of the pods that became Ready; they add up to ${latencyText(total)}.`;
  return figure({ title: 'Where the time goes.', caption, drawing, table });
}
