export type Group<T> = [T, ...T[]];

/** Items with an equal key together, in the order of their first. (Map.groupBy needs Node 21.) */
export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}
