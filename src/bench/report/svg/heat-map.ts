import { escapeText } from '../../../web/escape-text.js';
import type { MetricUnit } from '../../analysis/metrics.js';
import type { PairValue } from '../../analysis/pair-matrix.js';
import { metricText } from '../figures.js';
import { drawing, element, svgText, titled } from './element.js';

export interface HeatMapOptions {
  pairs: readonly PairValue[];
  nodes: readonly string[];
  unit: Extract<MetricUnit, 'ms' | 'bit/s'>;
  /** Whether small values are the good ones. */
  lowerIsBetter: boolean;
  title: string;
}

/** Cells of more nodes than this have no room for their figure; it is in their title and in the table. */
const MOST_WITH_TEXT = 10;
const WIDTH = 420;
/** Of a character of a node's name, as far as one can know without measuring. */
const CHARACTER = 8;
const LONGEST_NAME = 18;
/** Pairs that differ by less than this share are not drawn as if they did… */
const SMALLEST_SPAN = 0.2;
/** …and by less than this one none is called the worst. */
const SMALLEST_DIFFERENCE = 0.05;
/** From here on the cell is dark enough (or, on dark pages, bright enough) for the other ink. */
const OTHER_INK = 0.55;

/** From each node (rows) to each other (columns). The worst pair is outlined; within a node no link is involved. */
export function heatMap(options: HeatMapOptions): string {
  const { pairs, nodes, unit, title } = options;
  const grid = gridOf(nodes);
  const worst = worstPair(options);
  const shade = shadeOf(options);
  const text = nodes.length <= MOST_WITH_TEXT;
  const label = `${title}. ${pairs.map(({ from, to, value }) => `${from} to ${to}: ${metricText(value, unit)}`).join('; ')}`;
  return drawing({ width: WIDTH, height: grid.top + nodes.length * grid.size, label, class: 'heat' }, [
    ...nodes.flatMap((node, index) => nodeLabels(node, index, grid)),
    svgText('to →', { x: grid.left - 10, y: grid.top - 27, class: 'axis', anchor: 'end' }),
    svgText('from ↓', { x: grid.left - 10, y: grid.top - 10, class: 'axis', anchor: 'end' }),
    ...nodes.flatMap((from, row) =>
      nodes.flatMap((to, column) => {
        const pair = pairs.find((each) => each.from === from && each.to === to);
        const scaled = pair && from !== to ? shade(pair.value) : undefined;
        return cell({ place: inset(grid, row, column, 1.5), pair, unit, shade: scaled, text });
      }),
    ),
    ...(worst === undefined ? [] : [outline(worst, nodes, grid)]),
  ]);
}

interface Grid {
  left: number;
  top: number;
  size: number;
  /** Names above the columns stand upright where they are longer than a column is wide. */
  upright: boolean;
}

function gridOf(nodes: readonly string[]): Grid {
  const name = Math.min(LONGEST_NAME, Math.max(...nodes.map(({ length }) => length))) * CHARACTER + 14;
  const left = Math.max(name, 64);
  const size = (WIDTH - left) / nodes.length;
  const upright = name > size;
  return { left, top: upright ? Math.max(name + 4, 40) : 48, size, upright };
}

function nodeLabels(node: string, index: number, { left, top, size, upright }: Grid): string[] {
  const name = node.length > LONGEST_NAME ? `${node.slice(0, LONGEST_NAME - 1)}…` : node;
  const middle = (index + 0.5) * size;
  const column = { x: left + middle, y: top - 10 };
  return [
    upright
      ? element('text', { class: 'tick', transform: `translate(${column.x} ${column.y}) rotate(-90)`, dy: 5 }, [
          escapeText(name),
        ])
      : svgText(name, { ...column, class: 'tick', anchor: 'middle' }),
    svgText(name, { x: left - 10, y: top + middle + 5, class: 'tick', anchor: 'end' }),
  ];
}

function inset({ left, top, size }: Grid, row: number, column: number, by: number) {
  return { x: left + column * size + by, y: top + row * size + by, width: size - 2 * by, height: size - 2 * by };
}

/** undefined while all pairs are alike, or there is one. */
export function worstPair({
  pairs,
  lowerIsBetter,
}: Pick<HeatMapOptions, 'pairs' | 'lowerIsBetter'>): PairValue | undefined {
  const between = pairs.filter(({ from, to }) => from !== to).toSorted((a, b) => a.value - b.value || 0);
  const [smallest, largest] = [between[0], between.at(-1)];
  if (smallest === undefined || largest === undefined) return undefined;
  if (smallest.value >= largest.value * (1 - SMALLEST_DIFFERENCE)) return undefined;
  return lowerIsBetter ? largest : smallest;
}

/** 0 for the worst of the scale to 1 for the best. */
function shadeOf({ pairs, lowerIsBetter }: HeatMapOptions): (value: number) => number {
  const values = pairs.filter(({ from, to, value }) => from !== to && Number.isFinite(value)).map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = Math.max(high - low, high * SMALLEST_SPAN);
  // Without any answer, or any goodput, there is no scale: everything is at its worst end.
  if (!(span > 0)) return () => 0;
  return (value) => Math.max(0, lowerIsBetter ? 1 - (value - low) / span : 1 - (high - value) / span);
}

interface CellOptions {
  place: { x: number; y: number; width: number; height: number };
  pair: PairValue | undefined;
  unit: Extract<MetricUnit, 'ms' | 'bit/s'>;
  /** undefined: not on the scale. */
  shade: number | undefined;
  text: boolean;
}

function cell({ place, pair, unit, shade, text }: CellOptions): string[] {
  if (pair === undefined) return [element('rect', { class: 'unmeasured', ...place })];
  const figure = metricText(pair.value, unit);
  const title = `${pair.from} → ${pair.to}: ${figure}`;
  const middle = { x: place.x + place.width / 2, y: place.y + place.height / 2 + 5 };
  const ink = shade !== undefined && shade > OTHER_INK ? 'figure other-ink' : 'figure';
  const painted =
    shade === undefined ? { class: 'within' } : { class: 'shade', style: `--shade:${(shade * 100).toFixed(0)}%` };
  const [number = '', name = ''] = figure.split(' ');
  return [
    titled('rect', { ...painted, ...place }, title),
    ...(text ? [svgText(number, { ...middle, class: ink, anchor: 'middle' })] : []),
    ...(text && place.height > 60
      ? [svgText(name, { x: middle.x, y: middle.y + 16, class: `${ink} unit`, anchor: 'middle' })]
      : []),
  ];
}

function outline({ from, to }: PairValue, nodes: readonly string[], grid: Grid): string {
  return element('rect', { class: 'worst', ...inset(grid, nodes.indexOf(from), nodes.indexOf(to), 2.5) });
}
