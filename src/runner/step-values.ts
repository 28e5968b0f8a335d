import type { Place, Step } from './sequence.js';

/** What the steps of a sequence have given so far. */
export interface StepValues {
  /** By a step of the cluster; undefined as long as it has given nothing. */
  of<Value>(step: Step<never, 'cluster', Value>): Value | undefined;
  /** Node name → what it gave there. */
  onNodes<Value>(step: Step<never, Exclude<Place, 'cluster'>, Value>): ReadonlyMap<string, Value>;
}

/** The runner's own side of it: without types, which `StepValues` and the needs of steps put back. */
export interface StepValueStore extends StepValues {
  put(id: string, node: string, value: unknown): void;
  /** @param node '' for a step of the cluster */
  at(id: string, node: string): unknown;
  all(id: string): ReadonlyMap<string, unknown>;
}

export function createStepValues(): StepValueStore {
  const values = new Map<string, Map<string, unknown>>();
  const all = (id: string): Map<string, unknown> => values.get(id) ?? new Map();
  return {
    put: (id, node, value) => void values.set(id, new Map([...all(id), [node, value]])),
    at: (id, node) => all(id).get(node),
    all,
    of: <Value>({ id }: Step<never, 'cluster', Value>) => all(id).get('') as Value | undefined,
    onNodes: <Value>({ id }: Step<never, Exclude<Place, 'cluster'>, Value>) => all(id) as ReadonlyMap<string, Value>,
  };
}
