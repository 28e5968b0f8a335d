import type { Effect, EffectScale } from '../stats/hodges-lehmann.js';
import { CONFIDENCE } from '../stats/interval.js';

export type Verdict = 'better' | 'same' | 'worse' | 'cannot tell';

/** Why there is no verdict; `settled` where there is one. */
export type Ground = 'settled' | 'few rounds' | 'wide interval' | 'maybe negligible';

export interface Evidence {
  effect: Effect;
  scale: EffectScale;
  better: 'lower' | 'higher';
  /** Corrected for all comparisons of the family. */
  adjustedP: number;
  /** What p could be at best, corrected as if it came first. */
  smallestAdjustedP: number;
  /** Differences within it do not matter. */
  margin: number;
  alpha: number;
}

/**
 * The verdict the evidence carries. Same: the whole interval lies within the margin. Better or worse: a difference
 * beyond chance, whose estimate lies outside the margin. Anything else cannot be told, and says why.
 */
export function judge(evidence: Evidence): { verdict: Verdict; ground: Ground } {
  const { effect, alpha, adjustedP, smallestAdjustedP, better } = evidence;
  const { low, high, coverage } = effect.interval;
  // Coverages are sums of fractions: 1 − 2 · 0.025 must not miss 0.95 by a rounding error.
  const enough = coverage >= CONFIDENCE - 1e-12;
  const lowest = distance(low, evidence);
  const highest = distance(high, evidence);
  const estimate = distance(effect.estimate, evidence);
  if (enough && lowest >= -1 && highest <= 1) return { verdict: 'same', ground: 'settled' };
  if (adjustedP > alpha)
    return { verdict: 'cannot tell', ground: smallestAdjustedP > alpha ? 'few rounds' : 'wide interval' };
  if (Math.abs(estimate) <= 1) return { verdict: 'cannot tell', ground: 'maybe negligible' };
  const improved = better === 'higher' ? estimate > 0 : estimate < 0;
  return { verdict: improved ? 'better' : 'worse', ground: 'settled' };
}

/** How far an effect is from none, in margins; of ratios on their logarithms, so that A to B mirrors B to A. */
function distance(effect: number, { scale, margin }: Evidence): number {
  return scale === 'ratio' ? Math.log(effect) / Math.log(1 + margin) : effect / margin;
}
