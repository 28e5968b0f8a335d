import { escapeText } from '../../../web/escape-text.js';
import type { Analysis } from '../../analysis/analyse.js';
import { medianInterval } from '../../stats/interval.js';
import { coverageText } from '../figures.js';
import { element } from '../svg/element.js';
import { roundDots } from '../svg/round-dots.js';
import { roundTable, voidTable } from '../tables/run-tables.js';
import { htmlTable, paragraph, section } from './parts.js';

/** Figures whose rounds are worth looking at one by one. */
const PANELS = [
  'pods.running.p50',
  'pods.running.p95',
  'pods.burst.makespan',
  'network.host.tcp',
  'network.pod.tcp',
  'efficiency.pod.tcp',
  'efficiency.cluster-ip.tcp',
  'network.pod.round-trip',
  'api.create.p50',
  'dns.p50',
];
/** Below this there is nothing to see between rounds. */
const FEWEST_ROUNDS = 2;

export function roundsSection(analysis: Analysis): string {
  const { metrics, rounds } = analysis;
  const panels = PANELS.flatMap((id) =>
    metrics.filter((metric) => metric.id === id && metric.values.length >= FEWEST_ROUNDS),
  );
  const drawn = panels.map((metric) =>
    element('figure', {}, [
      element('figcaption', {}, [element('strong', {}, [escapeText(metric.title)])]),
      roundDots(metric, rounds),
    ]),
  );
  const voided = voidTable(analysis);
  return section({
    id: 'rounds',
    title: 'Round by round',
    body: [
      drawn.length === 0
        ? paragraph('One round shows no spread, and carries no comparison: use the preset standard for that.', 'aside')
        : paragraph(explanation(analysis), 'aside'),
      element('div', { class: 'panels' }, drawn),
      ...(voided.rows.length === 0 ? [] : [htmlTable(voided)]),
      htmlTable(roundTable(analysis)),
    ],
  });
}

function explanation({ counted }: Analysis): string {
  const interval = medianInterval(counted);
  const coverage = interval === undefined ? '' : `, which of ${counted.length} rounds covers ${coverageText(interval)}`;
  return `The round is the unit of every comparison: dots are rounds, the line their median, the band its interval${coverage}.`;
}
