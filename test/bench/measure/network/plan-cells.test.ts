import { describe, expect, it } from 'vitest';
import { planCells } from '../../../../src/bench/measure/network/plan-cells.js';
import { seededRandom } from '../../../../src/bench/measure/random.js';
import { loadPreset } from '../../../../src/bench/preset/load-preset.js';
import type { Preset } from '../../../../src/bench/preset/preset-schema.js';

const NODES = ['s4', 's5', 's6'];

async function plan(pairs: Preset['network']['pairs'], round: number, nodes = NODES, seed = 1) {
  const { network } = await loadPreset({ name: 'quick', overrides: [`network.pairs=${pairs}`] });
  return planCells({ network, nodes, round, random: seededRandom(seed) });
}

const pairsOf = (cells: { path: string; from: string; to: string }[], path = 'pod') =>
  [...new Set(cells.filter((cell) => cell.path === path).map(({ from, to }) => `${from}>${to}`))].sort();

describe('planCells', () => {
  it('measures every path with every test, between the same two nodes', async () => {
    const { cells, leftOut } = await plan('one', 3);
    expect(cells).toHaveLength(25);
    expect(pairsOf(cells)).toEqual(['s4>s5']);
    expect(pairsOf(cells, 'pod-same-node')).toEqual(['s4>s4']);
    expect(leftOut).toEqual([]);
  });

  it('goes around the ring, one pair a round', async () => {
    const rounds = await Promise.all([1, 2, 3, 4].map((round) => plan('ring', round)));
    expect(rounds.flatMap(({ cells }) => pairsOf(cells))).toEqual(['s4>s5', 's5>s6', 's6>s4', 's4>s5']);
  });

  it('takes every pair, and every node by itself', async () => {
    const { cells } = await plan('all', 1);
    expect(pairsOf(cells)).toEqual(['s4>s5', 's4>s6', 's5>s6']);
    expect(pairsOf(cells, 'pod-same-node')).toEqual(['s4>s4', 's5>s5', 's6>s6']);
  });

  it('leaves out on one node what needs two, and says so', async () => {
    const { cells, leftOut } = await plan('ring', 1, ['s4']);
    expect(new Set(cells.map(({ path }) => path))).toEqual(new Set(['pod-same-node']));
    expect(leftOut.map(({ path }) => path)).toEqual(['host', 'pod', 'cluster-ip', 'node-port']);
  });

  it('draws the order from the seed', async () => {
    const [one, again, other] = [await plan('one', 1), await plan('one', 1), await plan('one', 1, NODES, 2)];
    expect(again.cells).toEqual(one.cells);
    expect(other.cells).not.toEqual(one.cells);
    expect(other.cells).toHaveLength(one.cells.length);
  });
});
