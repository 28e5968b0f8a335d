import { escapeText } from '../../../web/escape-text.js';
import { timeText } from '../figures.js';
import { htmlDocument } from '../html/document.js';
import { figure, folded, section } from '../html/parts.js';
import { element } from '../svg/element.js';
import { forest } from '../svg/forest.js';
import { bothSizes } from '../svg/size.js';
import {
  COMPARISON_METHOD,
  type ComparedRuns,
  comparisonNotes,
  comparisonSentence,
  comparisonTables,
} from './compare-view.js';

/** Two runs on one page: what changed, by how much, and whether it matters. */
export function htmlComparison(runs: ComparedRuns): string {
  const { a, b, comparison } = runs;
  const [headline, others] = comparisonTables(runs);
  const drawn = (wanted: boolean) =>
    comparison.compared.filter((each) => each.headline === wanted && each.metric.scale === 'ratio');
  const families = [
    { id: 'headline', title: 'Headline', table: headline, compared: drawn(true) },
    { id: 'others', title: 'Everything else', table: others, compared: drawn(false) },
  ];
  return htmlDocument({
    title: `Benchmark comparison, ${a.id} and ${b.id}`,
    version: b.software.version,
    header: header(runs),
    sections: families.flatMap(({ id, title, table, compared }) => {
      if (table === undefined) return [];
      const caption = `Dots are estimates, lines their intervals, the band what counts as no difference. ${table.note}.`;
      const drawing = bothSizes((size) => forest(compared, size));
      const body = compared.length === 0 ? folded(table) : figure({ title: 'From A to B.', caption, drawing, table });
      return [section({ id, title, body: [body] })];
    }),
    notes: [COMPARISON_METHOD],
  });
}

function header(runs: ComparedRuns): string {
  const { a, b } = runs;
  const facts = [
    `A: ${timeText(a.startedAt)}, Kubernetes ${a.environment.cluster.kubernetes}`,
    `B: ${timeText(b.startedAt)}, Kubernetes ${b.environment.cluster.kubernetes}`,
  ].map((fact) => element('span', {}, [escapeText(fact)]));
  const notes = comparisonNotes(runs).map((note) => element('li', {}, [escapeText(note)]));
  return element('header', {}, [
    element('p', { class: 'eyebrow' }, ['Benchmark comparison']),
    element('h1', {}, [escapeText(`Cluster ${b.environment.cluster.name}`)]),
    element('p', { class: 'facts' }, facts),
    element('p', { class: 'answer' }, [escapeText(comparisonSentence(runs))]),
    ...(notes.length === 0 ? [] : [element('ul', { class: 'warnings' }, notes)]),
  ]);
}
