import type { Preset } from '../../preset/preset-schema.js';
import { PATHS, type Path, type Test } from '../../record/terms.js';

/** One measurement: the client on `from`, the server on `to`. */
export interface Cell {
  path: Path;
  test: Test;
  from: string;
  to: string;
}

export interface CellPlan {
  cells: Cell[];
  leftOut: { path: Path; reason: string }[];
}

export interface CellPlanOptions {
  network: Preset['network'];
  /** Names in a fixed order. */
  nodes: readonly string[];
  /** From 1. */
  round: number;
  /** From 0 to below 1: the order of cells is drawn anew each round, so that drift hits all of them alike. */
  random: () => number;
}

/** What a round measures, in the order it does. */
export function planCells({ network, nodes, round, random }: CellPlanOptions): CellPlan {
  const pairs = pairsOf(network.pairs, nodes, round);
  const homes = network.pairs === 'all' ? nodes : pairs.length > 0 ? pairs.map(([from]) => from) : nodes.slice(0, 1);
  const cells = network.paths.flatMap((path) => {
    const ends = path === 'pod-same-node' ? homes.map((node): Pair => [node, node]) : pairs;
    return ends.flatMap(([from, to]) => network.tests.map((test): Cell => ({ path, test, from, to })));
  });
  const impossible = PATHS.filter((path) => network.paths.includes(path) && path !== 'pod-same-node');
  return {
    cells: shuffled(cells, random),
    leftOut: pairs.length > 0 ? [] : impossible.map((path) => ({ path, reason: 'needs two nodes' })),
  };
}

type Pair = readonly [from: string, to: string];

function pairsOf(mode: Preset['network']['pairs'], nodes: readonly string[], round: number): Pair[] {
  if (nodes.length < 2) return [];
  const at = (index: number): string => nodes[index % nodes.length] ?? '';
  if (mode === 'one') return [[at(0), at(1)]];
  if (mode === 'ring') return [[at(Math.max(0, round - 1)), at(Math.max(0, round - 1) + 1)]];
  return nodes.flatMap((from, index) => nodes.slice(index + 1).map((to): Pair => [from, to]));
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    [result[last], result[chosen]] = [result[chosen] as T, result[last] as T];
  }
  return result;
}
