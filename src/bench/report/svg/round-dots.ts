import type { Metric } from '../../analysis/metrics.js';
import type { RoundState } from '../../analysis/rounds.js';
import { type Interval, medianInterval } from '../../stats/interval.js';
import { medianOf } from '../../stats/quantile.js';
import { metricText } from '../figures.js';
import { drawing, element, svgText, titled } from './element.js';
import { linearScale, type Scale } from './scale.js';

const WIDTH = 300;
const HEIGHT = 176;
const BOX = { left: 4, right: WIDTH - 96, top: 14, bottom: HEIGHT - 26 };
/** Labels closer than this cover one another. */
const LINE = 15;
/** Less of the median than this is not drawn as a difference that fills the panel. */
const SMALLEST_SPAN = 0.1;

/** One figure of every round in their order, with the median and what encloses it; void rounds keep their place. */
export function roundDots({ values, unit, title }: Metric, rounds: readonly RoundState[]): string {
  const shown = rounds.filter(({ state }) => state !== 'warm-up');
  const finite = values.filter(({ value }) => Number.isFinite(value));
  const figures = values.map(({ value }) => value);
  const median = medianOf(figures);
  const interval = medianInterval(figures);
  const y = verticalScale(finite.map(({ value }) => value));
  const x = (index: number): number => BOX.left + ((index + 0.5) / shown.length) * (BOX.right - BOX.left);
  const label = `${title} by round: ${values.map(({ round, value }) => `${round}: ${metricText(value, unit)}`).join(', ')}`;
  const dots = finite.map(({ round, value }) => {
    const at = shown.findIndex((state) => state.round === round);
    return titled(
      'circle',
      { class: 'dot', cx: x(at), cy: y(value), r: 5 },
      `round ${round}: ${metricText(value, unit)}`,
    );
  });
  return drawing({ width: WIDTH, height: HEIGHT, label, class: 'dots' }, [
    ...(Number.isFinite(median) ? summary(median, interval, y) : []),
    ...shown.flatMap((state, index) => slot(state, x(index), (BOX.right - BOX.left) / shown.length)),
    ...dots,
    ...labels(median, interval, y).map(({ value, name }) =>
      svgText(metricText(value, unit), { x: BOX.right + 10, y: y(value) + 5, class: name }),
    ),
  ]);
}

/** The median, and the ends of its interval where they are far enough from it to be read. */
function labels(median: number, interval: Interval | undefined, y: Scale): { value: number; name: string }[] {
  if (!Number.isFinite(median)) return [];
  const ends = interval === undefined ? [] : [interval.low, interval.high];
  const apart = ends.filter((end) => Number.isFinite(end) && Math.abs(y(end) - y(median)) >= LINE);
  return [{ value: median, name: 'strong' }, ...apart.map((value) => ({ value, name: 'tick' }))];
}

function verticalScale(values: readonly number[]): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const middle = (low + high) / 2;
  const span = Math.max(high - low, Math.abs(middle) * SMALLEST_SPAN, Number.EPSILON) * 1.25;
  return linearScale([middle - span / 2, middle + span / 2], [BOX.bottom, BOX.top], 3);
}

function slot({ round, state }: RoundState, center: number, width: number): string[] {
  const mark = svgText(String(round), { x: center, y: HEIGHT - 6, class: 'tick', anchor: 'middle' });
  if (state !== 'void') return [mark];
  const area = { x: center - width / 2 + 2, y: BOX.top, width: width - 4, height: BOX.bottom - BOX.top };
  return [
    titled('rect', { class: 'void', ...area }, `round ${round} is void`),
    svgText('void', { x: center, y: BOX.top + 15, class: 'tick', anchor: 'middle' }),
    mark,
  ];
}

function summary(median: number, interval: Interval | undefined, y: Scale): string[] {
  const line = element('line', { class: 'median', x1: BOX.left, x2: BOX.right, y1: y(median), y2: y(median) });
  if (interval === undefined || !Number.isFinite(interval.high)) return [line];
  const top = y(interval.high);
  const height = Math.max(1, y(interval.low) - top);
  return [element('rect', { class: 'interval', x: BOX.left, width: BOX.right - BOX.left, y: top, height }), line];
}
