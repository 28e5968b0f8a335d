import type { RunRecord } from '../../record/record-schema.js';
import { pairsDiffer } from '../../verdict/comparable.js';
import type { ComparedMetric, Comparison } from '../../verdict/compare.js';
import type { Verdict } from '../../verdict/judge.js';
import { changeText, metricText } from '../figures.js';
import type { ReportTable } from '../tables/table.js';

/** Two runs side by side, for every view. */
export interface ComparedRuns {
  a: RunRecord;
  b: RunRecord;
  comparison: Comparison;
  /** What differs beside what is compared; not empty only when a person allowed it. */
  drift: string[];
  /** Why one of the runs supports no verdict. */
  void: string[];
}

export const VERDICT_MARKS: Readonly<Record<Verdict, string>> = {
  better: '▲',
  same: '=',
  worse: '▼',
  'cannot tell': '?',
};

export function comparisonTables({ comparison }: ComparedRuns): ReportTable[] {
  const families = [
    { title: 'Headline', headline: true },
    { title: 'Everything else', headline: false },
  ];
  return families
    .map(({ title, headline }) => {
      const family = comparison.compared.filter((each) => each.headline === headline);
      const note = `${family.length} comparisons judged together`;
      const columns = ['', 'A', 'B', 'change', 'p (Holm)', 'verdict'];
      return { title, note, columns, rows: family.map(comparedRow) };
    })
    .filter(({ rows }) => rows.length > 0);
}

function comparedRow(compared: ComparedMetric): string[] {
  const { metric, medianA, medianB, effect, adjustedP } = compared;
  return [
    metric.title,
    metricText(medianA, metric.unit),
    metricText(medianB, metric.unit),
    changeText(effect, metric.scale),
    probabilityText(adjustedP),
    verdictText(compared),
  ];
}

export function verdictText({ verdict, ground }: Pick<ComparedMetric, 'verdict' | 'ground'>): string {
  return `${VERDICT_MARKS[verdict]} ${verdict}${ground === 'settled' ? '' : `: ${ground}`}`;
}

/** `0.048`, `< 0.001`. */
function probabilityText(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** The answer in one sentence: `2 worse, 4 same`. */
export function comparisonSentence({ comparison: { compared, carried, roundsNeeded } }: ComparedRuns): string {
  const headline = compared.filter((each) => each.headline);
  const counts = (['worse', 'better', 'same', 'cannot tell'] as const).flatMap((verdict) => {
    const count = headline.filter((each) => each.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${verdict}`];
  });
  const rounds = `No difference can be told with so few rounds: ${headline.length} comparisons need ${roundsNeeded} a side.`;
  return [`Of ${headline.length} headline figures: ${counts.join(', ')}.`, ...(carried ? [] : [rounds])].join(' ');
}

/** What a reader must know first; one line each. */
export function comparisonNotes({ a, b, drift, void: reasons, comparison }: ComparedRuns): string[] {
  const { onlyA, onlyB } = comparison;
  return [
    ...reasons,
    ...drift.map((line) => `different conditions: ${line}`),
    ...pairsDiffer(a, b),
    ...(onlyA.length === 0 ? [] : [`only ${a.id} has ${onlyA.join(', ')}`]),
    ...(onlyB.length === 0 ? [] : [`only ${b.id} has ${onlyB.join(', ')}`]),
  ];
}

/** How to read the tables; the same words in every view. */
export const COMPARISON_METHOD =
  'A and B are medians of rounds; the change is Hodges and Lehmann’s estimate with its interval; p is Mann and Whitney’s, exact, corrected by Holm. Same: the interval lies within the margin, of each figure by itself. Better or worse: p below α and a change beyond the margin.';
