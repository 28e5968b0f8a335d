import { describe, expect, it } from 'vitest';
import { discardedMembers, lostMembers } from '../../src/config/named-members.js';
import { sampleNode, sampleSpec } from '../helpers/sample-facts.js';

const spec = sampleSpec({
  nodes: [sampleNode({ name: 's4' }), sampleNode({ name: 's5' }), sampleNode({ name: 'rack-7', role: 'worker' })],
});

describe('--lost', () => {
  it('names control planes', () => {
    expect(lostMembers(undefined, spec)).toEqual(new Set());
    expect(lostMembers('s[4-5]', spec)).toEqual(new Set(['s4', 's5']));
  });

  it.each([
    ['s44', '--lost: s44 is not among the hosts; did you mean "s4"?'],
    ['elsewhere', '--lost: elsewhere is not among the hosts; the control planes are s4, s5'],
    ['rack-7', '--lost: rack-7 is a worker and holds no etcd data'],
  ])('refuses %s', (expression, message) => {
    expect(() => lostMembers(expression, spec)).toThrow(expect.objectContaining({ exit: 2, message }));
  });
});

describe('--discard-data', () => {
  it('names control planes', () => {
    expect(discardedMembers(undefined, spec)).toEqual(new Set());
    expect(discardedMembers('s4,s5', spec)).toEqual(new Set(['s4', 's5']));
    const refused = { exit: 2, message: '--discard-data: rack-7 is a worker and holds no etcd data' };
    expect(() => discardedMembers('rack-7', spec)).toThrow(expect.objectContaining(refused));
  });

  it('is no blanket word: without names it is told how it is given', () => {
    const refused = { exit: 2, hint: expect.stringContaining('--discard-data s4') };
    expect(() => discardedMembers(true, spec)).toThrow(expect.objectContaining(refused));
  });
});
