/** Reproducible draws: the same seed makes the same run on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  normal(mean: number, deviation: number): number;
  /** Log-normal by its median: how latencies are spread, with a tail to the right. */
  latency(median: number, spread: number): number;
  shuffled<T>(items: readonly T[]): T[];
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  // mulberry32, by Tommy Ettinger (public domain).
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  // Box and Muller.
  const standard = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    normal: (mean, deviation) => mean + deviation * standard(),
    latency: (median, spread) => median * Math.exp(spread * standard()),
    shuffled: (items) =>
      items
        .map((item) => ({ item, key: uniform() }))
        .sort((a, b) => a.key - b.key)
        .map(({ item }) => item),
  };
}

/** Microseconds, as the operator's clock is written down. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
