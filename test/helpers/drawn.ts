import { testSeed } from './test-seed.js';

/** So many of these, each at most once, in an order that the seed gives. */
export function drawn<T>(from: readonly T[], count: number, seed = testSeed()): T[] {
  const rest = [...from];
  const next = numbers(seed);
  const chosen: T[] = [];
  while (chosen.length < count && rest.length > 0) chosen.push(...rest.splice(Math.floor(next() * rest.length), 1));
  return chosen;
}

/** Numbers in [0, 1) by a linear congruential generator (the one of Numerical Recipes). */
export function numbers(seed = testSeed()): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
