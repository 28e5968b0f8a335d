import type { MetricUnit } from '../analysis/metrics.js';
import type { Effect, EffectScale } from '../stats/hodges-lehmann.js';
import type { Interval, QuantileEstimate } from '../stats/interval.js';

/* Numbers as people read them. Three digits carry what rounds can tell; more would be noise. */

/** `9.36 Gbit/s`, `845 ms`, `97.2 %`; an infinite latency is `never`. */
export function metricText(value: number, unit: MetricUnit): string {
  switch (unit) {
    case 'ms':
      return latencyText(value);
    case 'bit/s':
      return rateText(value);
    case 'pods/s':
      return `${digits(value)} pods/s`;
    case 'share':
      return Number.isNaN(value) ? '–' : `${digits(value * 100)} %`;
  }
}

/** `82 µs`, `8.12 ms`, `1.24 s`. @param ms Milliseconds, Infinity for what never ended, NaN for what was not measured */
export function latencyText(ms: number): string {
  if (Number.isNaN(ms)) return '–';
  if (ms === Number.POSITIVE_INFINITY) return 'never';
  if (ms > 0 && ms < 0.9995) return `${digits(ms * 1000)} µs`;
  return ms < 999.5 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`;
}

/** `9.36 Gbit/s`, `941 Mbit/s`. */
export function rateText(bitsPerSecond: number): string {
  return bitsPerSecond >= 999.5e6 ? `${digits(bitsPerSecond / 1e9)} Gbit/s` : `${digits(bitsPerSecond / 1e6)} Mbit/s`;
}

/** Three significant digits, never an exponent. */
export function digits(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0 || magnitude >= 99.95) return String(Math.round(value));
  return value.toFixed(magnitude >= 9.995 ? 1 : magnitude >= 0.0995 ? 2 : 3);
}

/** The quantile, or what it is at least: `1.24 s`, `≥ 1.19 s`, `–` when the samples do not even tell that. */
export function quantileText({ value, atLeast }: QuantileEstimate): string {
  if (value !== undefined || atLeast === Number.POSITIVE_INFINITY) return latencyText(value ?? atLeast);
  return atLeast === Number.NEGATIVE_INFINITY ? '–' : `≥ ${latencyText(atLeast)}`;
}

/** `0.98 to 1.06 s`; `–` when there is none. */
export function intervalText(interval: Interval | undefined, unit: MetricUnit): string {
  if (interval === undefined) return '–';
  const [low, high] = [metricText(interval.low, unit), metricText(interval.high, unit)];
  if (low === high) return low;
  const [lowUnit, highUnit] = [low.replace(/^\S+/, ''), high.replace(/^\S+/, '')];
  return lowUnit === highUnit && lowUnit !== '' ? `${low.split(' ')[0]} to ${high}` : `${low} to ${high}`;
}

/** What an interval covers, which of few rounds is not 95 %: `93.8 %`. */
export function coverageText({ coverage }: Interval): string {
  return `${(coverage * 100).toFixed(1)} %`;
}

/** `+3.4 % (−1.8 to +5.9 %)`; of shares in percentage points. */
export function changeText({ estimate, interval }: Effect, scale: EffectScale): string {
  const change = (effect: number): number => (scale === 'ratio' ? effect - 1 : effect) * 100;
  const unit = scale === 'ratio' ? '%' : 'pp';
  const [low, high] = [signed(change(interval.low)), signed(change(interval.high))];
  return `${signed(change(estimate))} ${unit} (${low} to ${high} ${unit})`;
}

function signed(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '+∞' : '−∞';
  const text = Math.abs(value).toFixed(Math.abs(value) >= 99.95 ? 0 : 1);
  if (Number(text) === 0) return '±0.0';
  return `${value > 0 ? '+' : '−'}${text}`;
}

/** `2026-11-20 10:15 UTC`. */
export function timeText(timestamp: string): string {
  return `${timestamp.slice(0, 10)} ${timestamp.slice(11, 16)} UTC`;
}

/** `15 min 12 s`. */
export function spanText(startedAt: string, endedAt: string): string {
  const seconds = Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}
