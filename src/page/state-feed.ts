import { randomBytes } from 'node:crypto';

/** What a reader is to be told, so that it holds all that there is. */
export interface Patch {
  /** To be named by whoever comes back. */
  id: string;
  /** Keys with their values; null: it is no longer there. */
  data: string;
}

export interface StateFeed {
  update(state: object): void;
  /**
   * What changed since then: all where nothing is known of that, undefined where nothing did. It is never more than
   * one state, however late a reader is.
   */
  since(id: string | undefined): Patch | undefined;
}

interface Key {
  /** As JSON. */
  value: string;
  changedAt: number;
}

/** Keeps, of one state after the other, when each of its keys last changed. */
export function createStateFeed(): StateFeed {
  // Numbers of another life of ours say nothing.
  const life = randomBytes(6).toString('hex');
  const keys = new Map<string, Key>();
  let latest = 0;

  const positionOf = (id: string | undefined): number => {
    const [, theirs, digits] = /^([0-9a-f]+)-(\d{1,15})$/.exec(id ?? '') ?? [];
    return theirs === life && Number(digits) <= latest ? Number(digits) : 0;
  };

  return {
    update(state) {
      const values = new Map(Object.entries(state).map(([key, value]) => [key, JSON.stringify(value) ?? 'null']));
      for (const key of keys.keys()) if (!values.has(key)) values.set(key, 'null');
      const changed = [...values].filter(([key, value]) => keys.get(key)?.value !== value);
      if (changed.length > 0) latest += 1;
      for (const [key, value] of changed) keys.set(key, { value, changedAt: latest });
    },
    since(id) {
      const position = positionOf(id);
      const changed = [...keys].filter(([, { changedAt }]) => changedAt > position);
      if (changed.length === 0) return undefined;
      const pairs = changed.map(([key, { value }]) => `${JSON.stringify(key)}:${value}`);
      return { id: `${life}-${latest}`, data: `{${pairs.join(',')}}` };
    },
  };
}
