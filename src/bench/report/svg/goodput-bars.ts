import type { Cell } from '../../analysis/cells.js';
import { PATH_TITLES } from '../../analysis/titles.js';
import { rateText } from '../figures.js';
import { drawing, element, svgText, titled } from './element.js';
import { linearScale, type Scale } from './scale.js';
import type { Size } from './size.js';

const ROW = 34;
const BAR = 18;

export interface GoodputBarsOptions {
  /** Cells of one test, one per path. */
  cells: readonly Cell[];
  /** The largest goodput of all such drawings of a page, bit/s, so that they share a scale. */
  largest: number;
  title: string;
}

/** A bar per path with its interval and its rounds, against what the link can carry. */
export function goodputBars({ cells, largest, title }: GoodputBarsOptions, { width, narrow }: Size): string {
  const left = narrow ? 120 : 168;
  const x = linearScale([0, largest * 1.02], [left, width - (narrow ? 96 : 104)], narrow ? 3 : 6);
  const limits = cells.flatMap((cell) => cell.limit ?? []);
  const top = limits.length > 0 ? 26 : 8;
  const height = top + cells.length * ROW + 26;
  const bottom = height - 26;
  const label = `${title}: ${cells.map((cell) => `${PATH_TITLES[cell.path]} ${rateText(cell.median)}`).join(', ')}`;
  return drawing({ width, height, label, class: 'bars' }, [
    ...x.ticks.flatMap((tick) => [
      element('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: top, y2: bottom }),
      svgText(tick === 0 ? '0' : rateText(tick).replace(/\.?0+ /, ' '), {
        x: x(tick),
        y: bottom + 18,
        class: 'tick',
        anchor: 'middle',
      }),
    ]),
    ...cells.flatMap((cell, index) => bar(cell, x, { left, right: width, y: top + index * ROW + (ROW - BAR) / 2 })),
    ...cells.flatMap(({ limit }, index) => (limit === undefined ? [] : [limitMark(x(limit), top + index * ROW)])),
    ...(limits.length > 0
      ? [svgText(limitText(limits), { x: x(Math.max(...limits)), y: top - 8, class: 'limit', anchor: 'end' })]
      : []),
  ]);
}

function bar(
  { path, median, interval, values, aboveLimit, failures }: Cell,
  x: Scale,
  at: { left: number; right: number; y: number },
): string[] {
  const middle = at.y + BAR / 2;
  const whisker =
    interval === undefined
      ? []
      : [element('line', { class: 'whisker', x1: x(interval.low), x2: x(interval.high), y1: middle, y2: middle })];
  const broken = failures.length > 0 && median === 0;
  const text = broken ? 'failed' : `${rateText(median)}${aboveLimit ? ' !' : ''}`;
  return [
    svgText(PATH_TITLES[path], { x: at.left - 10, y: middle + 5, class: 'row', anchor: 'end' }),
    titled(
      'rect',
      { class: `bar path-${path}`, x: at.left, y: at.y, width: Math.max(0, x(median) - at.left), height: BAR },
      `${PATH_TITLES[path]}: ${text}`,
    ),
    ...whisker,
    ...values.map(({ round, value }) =>
      titled('circle', { class: 'sample', cx: x(value), cy: middle, r: 2.6 }, `round ${round}: ${rateText(value)}`),
    ),
    svgText(text, { x: at.right, y: middle + 5, class: broken || aboveLimit ? 'strong bad' : 'strong', anchor: 'end' }),
  ];
}

/** Each path has its own: what encapsulates pods' packets takes from their share of the wire. */
function limitMark(x: number, top: number): string {
  return element('line', { class: 'limit', x1: x, x2: x, y1: top, y2: top + ROW });
}

function limitText(limits: readonly number[]): string {
  const [largest, smallest] = [Math.max(...limits), Math.min(...limits)];
  const pods = rateText(smallest) === rateText(largest) ? '' : `, pods ${rateText(smallest)}`;
  return `link carries ${rateText(largest)}${pods}`;
}
