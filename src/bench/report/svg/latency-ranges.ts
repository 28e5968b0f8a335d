import type { QuantileEstimate } from '../../stats/interval.js';
import { latencyText, quantileText } from '../figures.js';
import { drawing, element, svgText, titled } from './element.js';
import { logScale, minorTicks, positiveExtent, type Scale } from './scale.js';
import type { Size } from './size.js';

export interface LatencyRange {
  name: string;
  /** Ascending; Infinity for what was never answered. */
  sorted: readonly number[];
  /** Of p50, p90, p95 and p99. */
  quantiles: readonly QuantileEstimate[];
  /** Milliseconds; undefined without an objective. */
  objectiveMs: number | undefined;
}

const ROW = 36;

/** A line per kind of request from its median to its tail, with its objective where it has one. */
export function latencyRanges(ranges: readonly LatencyRange[], { width, narrow }: Size): string {
  const left = narrow ? 116 : 168;
  const [low, high] = positiveExtent(ranges.map(({ sorted }) => sorted)) ?? [1, 1];
  const objectives = ranges.flatMap(({ objectiveMs }) => objectiveMs ?? []);
  const x = logScale([low, Math.max(high, ...objectives)], [left, width - 24]);
  const height = ranges.length * ROW + 34;
  const bottom = height - 26;
  const label = ranges.map(
    ({ name, quantiles }) =>
      `${name}: p50 ${quantileText(quantiles[0] ?? NOTHING)}, p99 ${quantileText(quantiles.at(-1) ?? NOTHING)}`,
  );
  return drawing({ width, height, label: `Latencies. ${label.join('; ')}`, class: 'ranges' }, [
    ...minorTicks(x).map((tick) => element('line', { class: 'minor', x1: x(tick), x2: x(tick), y1: 4, y2: bottom })),
    ...x.ticks.flatMap((tick, index) => [
      element('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: 4, y2: bottom }),
      ...(narrow && index % 2 === 1
        ? []
        : [
            svgText(latencyText(tick).replace(/\.0+ /, ' '), {
              x: x(tick),
              y: bottom + 18,
              class: 'tick',
              anchor: 'middle',
            }),
          ]),
    ]),
    ...ranges.flatMap((range, index) => row(range, x, { left, y: 4 + (index + 0.5) * ROW })),
  ]);
}

const NOTHING: QuantileEstimate = {
  q: 0,
  samples: 0,
  value: undefined,
  atLeast: Number.NEGATIVE_INFINITY,
  atMost: Number.POSITIVE_INFINITY,
  interval: { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, coverage: 0 },
};

function row(
  { name, quantiles, objectiveMs }: LatencyRange,
  x: Scale,
  { left, y }: { left: number; y: number },
): string[] {
  const told = quantiles.flatMap(({ q, value, atLeast }) => {
    const ms = value ?? atLeast;
    return Number.isFinite(ms) ? [{ q, ms, bounded: value !== undefined }] : [];
  });
  const ends = told.map(({ ms }) => x(ms));
  return [
    svgText(name, { x: left - 10, y: y + 5, class: 'row', anchor: 'end' }),
    element('line', { class: 'range', x1: Math.min(...ends), x2: Math.max(...ends), y1: y, y2: y }),
    ...told.map(({ q, ms, bounded }) =>
      titled(
        'circle',
        { class: `quantile q${q * 100}${bounded ? '' : ' open'}`, cx: x(ms), cy: y, r: q === 0.5 ? 6.5 : 4.5 },
        `p${q * 100} ${bounded ? '' : '≥ '}${latencyText(ms)}`,
      ),
    ),
    ...(objectiveMs === undefined ? [] : [objective(objectiveMs, x, y)]),
  ];
}

function objective(ms: number, x: Scale, y: number): string {
  return element('g', { class: 'slo' }, [
    element('line', { x1: x(ms), x2: x(ms), y1: y - 12, y2: y + 12 }),
    element('title', {}, [`objective: p99 within ${latencyText(ms)}`]),
  ]);
}
