/** Every choice of so many of these, each as often as one likes; orders do not depend on their order. */
export function combinations(kinds: readonly string[], count: number): string[][] {
  if (count === 0) return [[]];
  return kinds.flatMap((kind, index) =>
    combinations(kinds.slice(index), count - 1).map((rest): string[] => [kind, ...rest]),
  );
}
