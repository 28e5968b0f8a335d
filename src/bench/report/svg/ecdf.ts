import type { StageSummary } from '../../analysis/pod-startup.js';
import { POD_STARTUP_SLO_MS } from '../../analysis/slo.js';
import { STAGE_TITLES } from '../../analysis/titles.js';
import { SLI_STAGE, type Stage } from '../../record/terms.js';
import { quantileOf } from '../../stats/quantile.js';
import { latencyText } from '../figures.js';
import { drawing, element, svgText, titled } from './element.js';
import { linearScale, logScale, minorTicks, positiveExtent, type Scale } from './scale.js';
import type { Size } from './size.js';

/** Stages worth a curve: those between are a few milliseconds apart and lie on top of one another. */
export const DRAWN_STAGES: readonly Stage[] = ['accepted', 'scheduled', 'sandboxReady', 'running', 'ready'];

/** Share of pods that reached each stage within a time from the intended start, on a logarithmic axis. */
export function startupEcdf(stages: readonly StageSummary[], { width, narrow }: Size): string {
  const drawn = stages.filter(({ stage }) => DRAWN_STAGES.includes(stage));
  const height = narrow ? 300 : 420;
  const box = { left: narrow ? 42 : 52, right: width - 16, top: 30, bottom: height - 44 };
  const [low, high] = positiveExtent(drawn.map(({ sorted }) => sorted)) ?? [POD_STARTUP_SLO_MS, POD_STARTUP_SLO_MS];
  const extent = [Math.min(low, POD_STARTUP_SLO_MS), Math.max(high, POD_STARTUP_SLO_MS)] as const;
  const x = logScale(extent, [box.left, box.right]);
  const y = linearScale([0, 1], [box.bottom, box.top], 4);
  const sli = drawn.find(({ stage }) => stage === SLI_STAGE);
  const label = `Share of pods that reached each stage within a time. ${drawn.map(described).join('; ')}.`;
  return drawing({ width, height, label, class: 'ecdf' }, [
    ...grid(x, y, box),
    sloMark(x(POD_STARTUP_SLO_MS), box),
    ...drawn.map(({ stage, sorted }) =>
      element('path', { class: `curve stage-${stage}`, d: steps(sorted, x, y, box.right) }),
    ),
    ...(sli === undefined ? [] : marks(sli, x, y)),
  ]);
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function described({ stage, sorted }: StageSummary): string {
  return `${STAGE_TITLES[stage]}: median ${latencyText(quantileOf(sorted, 0.5))}`;
}

function grid(x: Scale, y: Scale, { left, right, top, bottom }: Box): string[] {
  return [
    ...minorTicks(x).map((tick) => element('line', { class: 'minor', x1: x(tick), x2: x(tick), y1: top, y2: bottom })),
    ...x.ticks.flatMap((tick) => [
      element('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: top, y2: bottom }),
      svgText(decadeText(tick), { x: x(tick), y: bottom + 20, class: 'tick', anchor: 'middle' }),
    ]),
    ...y.ticks.flatMap((tick) => [
      element('line', { class: 'grid', x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      svgText(`${Math.round(tick * 100)} %`, { x: left - 8, y: y(tick) + 4, class: 'tick', anchor: 'end' }),
    ]),
    svgText('from the intended start', { x: right, y: bottom + 39, class: 'axis', anchor: 'end' }),
  ];
}

/** `1 ms`, `10 s`: powers of ten need no digits behind the point. */
function decadeText(ms: number): string {
  const [value, unit] = ms < 0.999 ? [ms * 1000, 'µs'] : ms < 999 ? [ms, 'ms'] : [ms / 1000, 's'];
  return `${Math.round(value)} ${unit}`;
}

function sloMark(at: number, { top, bottom }: Box): string {
  return element('g', { class: 'slo' }, [
    element('line', { x1: at, x2: at, y1: top - 6, y2: bottom }),
    svgText('SLO: p99 within 5 s', { x: at, y: top - 12, anchor: 'end' }),
  ]);
}

/** The step function; what never got there keeps it below 100 %. */
function steps(sorted: readonly number[], x: Scale, y: Scale, right: number): string {
  const reached = sorted.filter(Number.isFinite);
  const risen = reached.map((ms, index) => `H${fixed(x(ms))}V${fixed(y((index + 1) / sorted.length))}`);
  return `M${fixed(x(reached[0] ?? 1))} ${fixed(y(0))}${risen.join('')}H${fixed(right)}`;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Median and p99 of the objective's stage, as far as the samples bound them. */
function marks({ sorted, quantiles }: StageSummary, x: Scale, y: Scale): string[] {
  const shown = quantiles.filter(({ q, value }) => (q === 0.5 || q === 0.99) && Number.isFinite(value));
  const never = sorted.filter((ms) => !Number.isFinite(ms)).length;
  return [
    ...shown.flatMap(({ q, value = 0 }) => [
      titled('circle', { class: 'mark', cx: x(value), cy: y(q), r: 5 }, `p${q * 100}: ${latencyText(value)}`),
      svgText(`p${q * 100}  ${latencyText(value)}`, {
        x: x(value) + 11,
        y: y(q) + (q > 0.9 ? 17 : 5),
        class: 'halo strong',
      }),
    ]),
    ...(never === 0
      ? []
      : [
          svgText(`${never} of ${sorted.length} never ran`, {
            x: x(POD_STARTUP_SLO_MS) - 8,
            y: y(1 - never / sorted.length) + 18,
            class: 'halo bad',
            anchor: 'end',
          }),
        ]),
  ];
}
