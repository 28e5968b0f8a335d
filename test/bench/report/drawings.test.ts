import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/bench/analysis/analyse.js';
import { stageBudget } from '../../../src/bench/analysis/stage-budget.js';
import { htmlReport } from '../../../src/bench/report/html/page.js';
import { DRAWN_STAGES, startupEcdf } from '../../../src/bench/report/svg/ecdf.js';
import { element } from '../../../src/bench/report/svg/element.js';
import { goodputBars } from '../../../src/bench/report/svg/goodput-bars.js';
import { heatMap, worstPair } from '../../../src/bench/report/svg/heat-map.js';
import { latencyRanges } from '../../../src/bench/report/svg/latency-ranges.js';
import { roundDots } from '../../../src/bench/report/svg/round-dots.js';
import { linearScale, logScale, minorTicks, positiveExtent } from '../../../src/bench/report/svg/scale.js';
import { stageBudgetBar } from '../../../src/bench/report/svg/stage-budget.js';
import { escapeText } from '../../../src/web/escape-text.js';
import { brokenRun, syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const WIDE = { width: 940, narrow: false };
const analysis = analyse(await syntheticRun({ neverEvery: 30, slowNode: { node: 's6', factor: 0.6 } }));
const { startup, cells, metrics, rounds, api, goodputMatrix, record } = analysis;
const tcp = cells.filter(({ test, path }) => test === 'tcp' && path !== 'pod-same-node');
const nodes = ['s4', 's5', 's6'];
const matrix = { pairs: goodputMatrix, nodes, unit: 'bit/s', lowerIsBetter: false, title: 'TCP' } as const;
const median = metrics.find(({ id }) => id === 'pods.running.p50');

describe('drawings, mark by mark', () => {
  test.each<[string, string]>([
    ['ecdf', startupEcdf(startup.stages, WIDE)],
    ['stage-budget', stageBudgetBar(stageBudget(record, [1, 2, 3, 4, 5]), WIDE)],
    ['goodput-bars', goodputBars({ cells: tcp, largest: 9.4e9, title: 'One TCP stream' }, WIDE)],
    ['heat-map', heatMap(matrix)],
    ['round-dots', median === undefined ? '' : roundDots(median, rounds)],
    [
      'latency-ranges',
      latencyRanges(
        api.map(({ request, ...each }) => ({ ...each, name: request, objectiveMs: 1000 })),
        WIDE,
      ),
    ],
  ])('%s', async (name, svg) => {
    const lines = svg.replaceAll('><', '>\n<');
    await expect(`${lines}\n`).toMatchFileSnapshot(`../../golden/bench/${name}.svg`);
  });
});

describe('what a drawing says to those who cannot see it', () => {
  test('every one has a label with its figures', () => {
    const drawings = htmlReport(analysis).match(/<svg [^>]*>/g) ?? [];
    expect(drawings.length).toBeGreaterThan(20);
    for (const svg of drawings) expect(svg).toMatch(/role="img" aria-label="[^"]{20,}"/);
  });

  test('a table stands behind every figure of the sections', () => {
    const html = htmlReport(analysis);
    const figures = html
      .split('<figure>')
      .slice(1)
      .map((part) => part.split('</figure>')[0] ?? '');
    const panels = figures.filter((figure) => figure.includes('class="dots"'));
    const others = figures.filter((figure) => !panels.includes(figure));
    expect(others.length).toBeGreaterThan(4);
    for (const figure of others) expect(figure).toContain('<table>');
  });
});

describe('the page', () => {
  test('is one file that asks nobody for anything', () => {
    const html = htmlReport(analysis);
    const addresses = html.match(/https?:\/\/[^"'\s<)]+/g) ?? [];
    expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org/2000/svg']));
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(/);
  });

  test('what other machines wrote is text, not markup', async () => {
    const evil = '<script>alert("x")</script>';
    const hostile = await syntheticRun({ preset: 'quick', neverEvery: 30, nodes: ['s4', evil] });
    hostile.environment.cluster.name = evil;
    for (const pod of hostile.pods.samples) if (pod.failure !== null) pod.failure = evil;
    const html = htmlReport(analyse(hostile));
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
  });
});

test.each(['quick', 'standard'])('a cluster on which nothing works has a report as well: %s', async (preset) => {
  const html = htmlReport(analyse(await brokenRun({ preset })));
  expect(html).toContain('never started');
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});

describe('the worst pair', () => {
  test('is the one with the least goodput, or the longest round trip', () => {
    expect(worstPair(matrix)?.value).toBeLessThan(7e9);
    const pairs = [
      { from: 'a', to: 'b', value: 1 },
      { from: 'b', to: 'c', value: 3 },
      { from: 'c', to: 'c', value: 9 },
    ];
    expect(worstPair({ pairs, lowerIsBetter: true })).toEqual({ from: 'b', to: 'c', value: 3 });
    expect(worstPair({ pairs, lowerIsBetter: false })).toEqual({ from: 'a', to: 'b', value: 1 });
  });

  test('is none where all are alike, or only one was measured', () => {
    const pair = (value: number, to = 'b') => ({ from: 'a', to, value });
    expect(worstPair({ pairs: [pair(100), pair(96, 'c')], lowerIsBetter: false })).toBeUndefined();
    expect(worstPair({ pairs: [pair(100)], lowerIsBetter: false })).toBeUndefined();
    expect(worstPair({ pairs: [], lowerIsBetter: false })).toBeUndefined();
  });

  test('a pair that never answered is worse than any', () => {
    const pairs = [
      { from: 'a', to: 'b', value: 1 },
      { from: 'b', to: 'a', value: Number.POSITIVE_INFINITY },
    ];
    expect(worstPair({ pairs, lowerIsBetter: true })?.from).toBe('b');
  });
});

describe('scales', () => {
  test('round ticks', () => {
    expect(linearScale([0, 9.6e9], [0, 100], 6).ticks).toEqual([0, 2e9, 4e9, 6e9, 8e9]);
    expect(linearScale([0, 1], [0, 100], 4).ticks).toEqual([0, 0.5, 1]);
    expect(linearScale([0.95, 1.03], [0, 100], 4).ticks.map((tick) => tick.toFixed(2))).toEqual([
      '0.96',
      '0.98',
      '1.00',
      '1.02',
    ]);
  });

  test('decades around the values, which are held inside', () => {
    const scale = logScale([3, 5000], [0, 400]);
    expect(scale.ticks).toEqual([1, 10, 100, 1000, 10_000]);
    expect([scale(1), scale(100), scale(10_000), scale(0.001), scale(1e9)]).toEqual([0, 200, 400, 0, 400]);
    expect(minorTicks(scale).slice(0, 9)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 20]);
  });

  test('values that a logarithmic axis cannot show do not count, however many there are', () => {
    const many = Array.from({ length: 300_000 }, (_, index) => index);
    expect(positiveExtent([many, [0.5, Number.POSITIVE_INFINITY], []])).toEqual([0.5, 299_999]);
    expect(positiveExtent([[0, Number.POSITIVE_INFINITY], []])).toBeUndefined();
  });

  test('one value alone still has a decade', () => {
    expect(logScale([10, 10], [0, 100]).ticks).toEqual([10, 100]);
  });
});

test('markup', () => {
  expect(element('line', { x1: 1.23456, class: undefined, title: 'a "b" <c> & d' })).toBe(
    '<line x1="1.23" title="a &quot;b&quot; &lt;c&gt; &amp; d"/>',
  );
  expect(element('div', {})).toBe('<div></div>');
  expect(escapeText('<&>"')).toBe('&lt;&amp;&gt;&quot;');
  expect(DRAWN_STAGES).toContain('running');
});
