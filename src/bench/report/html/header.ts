import { count } from '../../../ui/units.js';
import { escapeText } from '../../../web/escape-text.js';
import type { Analysis } from '../../analysis/analyse.js';
import { spanText, timeText } from '../figures.js';
import { headlines } from '../headline.js';
import { element } from '../svg/element.js';

/** Title, what was measured, whether it counts, and the few figures that sum it up. */
export function pageHeader(analysis: Analysis): string {
  const { record, warnings, void: reasons } = analysis;
  const { cluster, nodes } = record.environment;
  const facts = [
    `Kubernetes ${cluster.kubernetes}`,
    count(nodes.length, 'node'),
    `${cluster.networkMode} pod network`,
    `kube-proxy ${cluster.proxyMode}`,
    `preset ${[record.preset.name, ...record.preset.overrides].join(' ')}`,
    spanText(record.startedAt, record.endedAt),
  ];
  return element('header', {}, [
    element('p', { class: 'eyebrow' }, [`Benchmark · ${timeText(record.startedAt)}`]),
    element('h1', {}, [escapeText(`Cluster ${cluster.name}`)]),
    element(
      'p',
      { class: 'facts' },
      facts.map((fact) => element('span', {}, [escapeText(fact)])),
    ),
    element('ul', { class: 'badges' }, badges(analysis)),
    ...reasons.map((reason) =>
      element('p', { class: 'banner bad' }, [escapeText(`✕ This run supports no verdict: ${reason}.`)]),
    ),
    element('div', { class: 'tiles' }, headlines(analysis).map(tile)),
    ...(warnings.length === 0 ? [] : [warningList(analysis)]),
  ]);
}

function badges({ rounds, counted, slos }: Analysis): string[] {
  const measured = rounds.filter(({ state }) => state !== 'warm-up').length;
  const met = slos.filter(({ verdict }) => verdict === 'met').length;
  const missed = slos.filter(({ verdict }) => verdict === 'missed').length;
  const untold = slos.length - met - missed;
  return [
    badge(counted.length === measured ? 'good' : 'warn', `${counted.length} of ${measured} rounds counted`),
    ...(met > 0 ? [badge('good', `${count(met, 'objective')} met`)] : []),
    ...(missed > 0 ? [badge('bad', `${count(missed, 'objective')} missed`)] : []),
    ...(untold > 0 ? [badge('warn', `${count(untold, 'objective')} cannot be told`)] : []),
  ];
}

const MARKS = { good: '✓', warn: '?', bad: '✕' } as const;

function badge(kind: keyof typeof MARKS, text: string): string {
  return element('li', { class: kind }, [element('span', { 'aria-hidden': 'true' }, [MARKS[kind]]), ` ${text}`]);
}

function tile({ label, figure, context }: { label: string; figure: string; context: string }): string {
  const [number = '', ...unit] = figure.split(' ');
  return element('div', {}, [
    element('p', { class: 'label' }, [escapeText(label)]),
    element('p', { class: 'figure' }, [
      escapeText(number),
      ...(unit.length === 0 ? [] : [element('small', {}, [escapeText(` ${unit.join(' ')}`)])]),
    ]),
    element('p', { class: 'context' }, [escapeText(context)]),
  ]);
}

function warningList({ warnings }: Analysis): string {
  return element(
    'ul',
    { class: 'warnings' },
    warnings.map(({ message }) => element('li', {}, [escapeText(message)])),
  );
}
