/**
 * Work done once per key however many ask for it, at the same time or later. A failure is told to all who wait, and
 * forgotten: the next caller tries again.
 */
export function sharedWork<K, T>(work: (key: K) => Promise<T>, keyOf: (key: K) => string): (key: K) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const name = keyOf(key);
    const running = known.get(name);
    if (running !== undefined) return running;
    const started = work(key);
    known.set(name, started);
    started.catch(() => known.delete(name));
    return started;
  };
}
