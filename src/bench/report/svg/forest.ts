import type { ComparedMetric } from '../../verdict/compare.js';
import { changeText } from '../figures.js';
import { drawing, element, svgText, titled } from './element.js';
import { linearScale, type Scale } from './scale.js';
import type { Size } from './size.js';

const ROW = 34;
/** Changes beyond a doubling or a halving end in an arrow. */
const WIDEST = Math.log(2);
const NARROWEST = Math.log(1.15);

/** How much each figure changed, with its interval, against the band in which changes do not matter. */
export function forest(compared: readonly ComparedMetric[], { width, narrow }: Size): string {
  const left = narrow ? 12 : 290;
  const top = narrow ? 16 : 4;
  const height = compared.length * (ROW + (narrow ? 16 : 0)) + 34;
  const bottom = height - 28;
  const reach = compared.flatMap(({ effect: { interval }, margin }) => [
    Math.abs(Math.log(interval.low)),
    Math.abs(Math.log(interval.high)),
    Math.log(1 + margin),
  ]);
  const extent = Math.min(WIDEST, Math.max(NARROWEST, ...reach.filter(Number.isFinite)) * 1.05);
  const x = linearScale([-extent, extent], [left, width - (narrow ? 12 : 130)]);
  const step = bottom / compared.length;
  const label = compared.map(
    ({ metric, effect, verdict }) => `${metric.title} ${changeText(effect, metric.scale)}, ${verdict}`,
  );
  return drawing({ width, height, label: `Changes from A to B. ${label.join('; ')}`, class: 'forest' }, [
    ...percentTicks(x).flatMap((percent) => tick(percent, x, bottom)),
    ...compared.flatMap((each, index) =>
      row(each, x, { left, width, narrow, y: top + (index + 0.5) * step - (narrow ? 0 : 4) }),
    ),
  ]);
}

const PERCENTS = [5, 10, 20, 30, 50, 75, 100];
/** Labels closer than this cover one another. */
const TICK_GAP = 50;

/** Round percentages outwards from none, as far as their labels have room. */
function percentTicks(x: Scale): number[] {
  const kept = [0];
  for (const sign of [-1, 1]) {
    let last = 0;
    for (const percent of PERCENTS.map((each) => sign * each)) {
      const at = tickAt(percent, x);
      if (Math.abs(at - tickAt(last, x)) < TICK_GAP || at < x.range[0] || at > x.range[1]) continue;
      kept.push(percent);
      last = percent;
    }
  }
  return kept;
}

function tickAt(percent: number, x: Scale): number {
  return percent <= -100 ? Number.NEGATIVE_INFINITY : x(Math.log(1 + percent / 100));
}

function tick(percent: number, x: Scale, bottom: number): string[] {
  const at = tickAt(percent, x);
  const text = percent === 0 ? '0' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`;
  return [
    element('line', { class: percent === 0 ? 'zero' : 'grid', x1: at, x2: at, y1: 0, y2: bottom }),
    svgText(text, { x: at, y: bottom + 19, class: 'tick', anchor: 'middle' }),
  ];
}

interface Place {
  left: number;
  width: number;
  narrow: boolean;
  y: number;
}

function row(
  { metric, effect, margin, verdict }: ComparedMetric,
  x: Scale,
  { left, width, narrow, y }: Place,
): string[] {
  const [from, to] = x.range;
  const hold = (value: number): number => Math.min(to, Math.max(from, x(Math.log(value))));
  const band = { x: x(-Math.log(1 + margin)), width: x(Math.log(1 + margin)) - x(-Math.log(1 + margin)) };
  const kind = verdict.replace(' ', '-');
  const { low, high } = effect.interval;
  return [
    element('rect', { class: 'margin', ...band, y: y - ROW / 2 + 3, height: ROW - 6 }),
    svgText(
      metric.title,
      narrow ? { x: left, y: y - 20, class: 'row' } : { x: left - 14, y: y + 5, class: 'row', anchor: 'end' },
    ),
    element('line', { class: `span ${kind}`, x1: hold(low), x2: hold(high), y1: y, y2: y }),
    titled(
      'circle',
      { class: `estimate ${kind}`, cx: hold(effect.estimate), cy: y, r: 6 },
      changeText(effect, metric.scale),
    ),
    svgText(verdict, {
      x: width - (narrow ? 12 : 0),
      y: narrow ? y - 20 : y + 5,
      class: `strong ${kind}`,
      anchor: 'end',
    }),
  ];
}
