import { escapeText } from '../../../web/escape-text.js';
import type { Analysis } from '../../analysis/analyse.js';
import type { Cell } from '../../analysis/cells.js';
import { PATH_TITLES, TEST_TITLES } from '../../analysis/titles.js';
import { THROUGHPUT_TESTS, type ThroughputTest } from '../../record/terms.js';
import { metricText, rateText } from '../figures.js';
import { element } from '../svg/element.js';
import { goodputBars } from '../svg/goodput-bars.js';
import { type HeatMapOptions, heatMap, worstPair } from '../svg/heat-map.js';
import { bothSizes } from '../svg/size.js';
import { efficiencyTable, lossTable, matrixTable, networkTable, roundTripTable } from '../tables/network-tables.js';
import { figure, folded, htmlTable, paragraph, section } from './parts.js';

export function networkSection(analysis: Analysis): string {
  const { record, cells } = analysis;
  const left = record.network.leftOut.map(({ path, reason }) =>
    paragraph(`Left out: ${PATH_TITLES[path]}, which ${reason}.`),
  );
  if (cells.length === 0 && left.length === 0) return '';
  const tables = [lossTable(analysis), roundTripTable(analysis)].filter(({ rows }) => rows.length > 0);
  return section({
    id: 'network',
    title: 'Network',
    body: [betweenNodes(analysis), withinNode(cells), ...left, matrices(analysis), ...tables.map(htmlTable)],
  });
}

const isBetween = ({ path }: Cell): boolean => path !== 'pod-same-node';

function betweenNodes(analysis: Analysis): string {
  const cells = analysis.cells.filter((cell) => isBetween(cell) && cell.test !== 'round-trip');
  if (cells.length === 0) return '';
  // Where nothing was carried at all, any scale will do.
  const largest = Math.max(
    Number.MIN_VALUE,
    ...cells.map(({ median, interval, limit }) => Math.max(median, interval?.high ?? 0, limit ?? 0)),
  );
  const groups = THROUGHPUT_TESTS.map((test) => cells.filter((cell) => cell.test === test)).filter(
    (group) => group.length > 0,
  );
  const drawing = groups.map((group) => {
    const title = testTitle(analysis, group[0]?.test as ThroughputTest);
    const bars = bothSizes((size) => goodputBars({ cells: group, largest, title }, size));
    return element('h3', {}, [escapeText(title)]) + bars;
  });
  return (
    figure({
      title: 'Goodput between nodes.',
      caption: sentence(analysis),
      drawing: drawing.join(''),
      table: networkTable(analysis),
    }) + (analysis.efficiencies.length === 0 ? '' : folded(efficiencyTable(analysis)))
  );
}

function sentence({ efficiencies, cells }: Analysis): string {
  const pod = efficiencies.find(({ path, test }) => path === 'pod' && test === 'tcp');
  const limit = cells.find((cell) => cell.limit !== undefined)?.limit;
  const bound =
    limit === undefined
      ? 'No physical link bounds it.'
      : 'The dashed line is what the link can carry of their payload.';
  const rounds = 'Dots are rounds, the dark line their interval.';
  if (pod === undefined) return `${bound} ${rounds}`;
  return `Over one TCP stream pods keep ${metricText(pod.median, 'share')} of what their hosts reach in the same round. ${bound} ${rounds}`;
}

function testTitle({ record }: Analysis, test: ThroughputTest): string {
  const results = record.network.samples.filter((sample) => sample.test === test).map(({ result }) => result);
  const wanted = record.preset.values.network.streams;
  const streams = results.flatMap((result) => (result.kind === 'tcp' ? result.streams : []))[0] ?? wanted;
  const target = results.flatMap((result) => (result.kind === 'udp' ? result.targetBitsPerSecond : []))[0];
  const titles: Record<ThroughputTest, string> = {
    tcp: 'One TCP stream',
    'tcp-streams': `${streams} TCP streams`,
    'tcp-reverse': 'One TCP stream, reverse direction',
    udp: target === undefined ? 'UDP' : `UDP, sent at ${rateText(target)}`,
  };
  return titles[test];
}

function withinNode(all: readonly Cell[]): string {
  const cells = all.filter((cell) => !isBetween(cell) && cell.test !== 'round-trip');
  if (cells.length === 0) return '';
  const figures = cells.map(({ test, median }) => `${TEST_TITLES[test]} ${rateText(median)}`).join(', ');
  return paragraph(`Within a node, where no link is involved, pods reach each other at: ${figures}.`, 'aside');
}

function matrices({ goodputMatrix, roundTripMatrix, record }: Analysis): string {
  const measured = new Set(goodputMatrix.concat(roundTripMatrix).flatMap(({ from, to }) => [from, to]));
  const nodes = record.environment.nodes.map(({ name }) => name).filter((name) => measured.has(name));
  const all: HeatMapOptions[] = [
    { pairs: goodputMatrix, nodes, unit: 'bit/s', lowerIsBetter: false, title: 'One TCP stream from pod to pod' },
    { pairs: roundTripMatrix, nodes, unit: 'ms', lowerIsBetter: true, title: 'Round trip from pod to pod' },
  ];
  const drawn = all.filter(({ pairs }) => pairs.some(({ from, to }) => from !== to));
  if (drawn.length === 0) return '';
  return element(
    'div',
    { class: 'pair' },
    drawn.map((options) =>
      figure({
        title: `${options.title}.`,
        caption: worstSentence(options),
        drawing: heatMap(options),
        table: matrixTable(options),
      }),
    ),
  );
}

function worstSentence(options: HeatMapOptions): string {
  const { pairs, unit } = options;
  const worst = worstPair(options);
  if (worst !== undefined) return `Worst, outlined: ${worst.from} → ${worst.to} with ${metricText(worst.value, unit)}.`;
  const between = pairs.filter(({ from, to }) => from !== to);
  if (between.every(({ value }) => value === 0 || value === Number.POSITIVE_INFINITY)) return 'No pair answered.';
  return between.length > 2 ? 'All pairs within 5\u00a0% of each other.' : 'One pair of nodes was measured.';
}
