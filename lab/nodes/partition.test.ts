import { describe, expect, it } from 'vitest';
import { addPartition, healPartition, OPERATOR, partitionScript } from './partition.js';
import { emptyLab, withNodes } from './plan.js';

const lab = withNodes(emptyLab({ name: 'unit', index: 0, hasRouter: false }), [
  { name: 's4' },
  { name: 's5', options: ['two-nics'] },
  { name: 's6' },
]);

describe('partitions', () => {
  it('cut a node off from every other node, not from the operator, when nobody is named', () => {
    expect(addPartition(lab, [], { name: 's5', from: [] })).toEqual([
      ['s5', 's4'],
      ['s5', 's6'],
    ]);
  });

  it('hold a pair once, whoever was named first', () => {
    const pairs = addPartition(lab, [['s4', 's5']], { name: 's5', from: ['s4', OPERATOR] });
    expect(pairs).toEqual([
      ['s5', 's4'],
      ['s5', OPERATOR],
    ]);
  });

  it('are healed for one node, whichever side it is on', () => {
    const pairs = [['s5', 's4'] as const, ['s4', 's6'] as const, ['s5', 's6'] as const];
    expect(healPartition([...pairs], 's4')).toEqual([['s5', 's6']]);
  });

  it('drop both ways, at every port and for every address', () => {
    const script = partitionScript(lab, [['s4', 's5']]);
    expect(script).toContain('iifname { "s4" } oifname { "s5", "s5.1" } drop');
    expect(script).toContain('iifname { "s5", "s5.1" } oifname { "s4" } drop');
    expect(script).toContain('ip saddr { 10.146.225.4 } ip daddr { 10.146.225.5, 10.149.225.5 } drop');
    expect(script).toContain('ip saddr { 10.146.225.5, 10.149.225.5 } ip daddr { 10.146.225.4 } drop');
  });
});
