import { describe, expect, it } from 'vitest';
import { NODE_VERSIONS, SUITES } from '../lanes.js';
import { parseArguments } from './arguments.js';

const ALL = Object.keys(SUITES);

describe('parseArguments', () => {
  it.each([
    ['fast', { lane: 'fast', nodes: [] }],
    ['fast --node all', { lane: 'fast', nodes: NODE_VERSIONS }],
    ['fast --node 24,20', { lane: 'fast', nodes: [24, 20] }],
    ['test', { lane: 'test', words: [] }],
    ['test unit core', { lane: 'test', words: ['unit', 'core'] }],
    ['long --list', { lane: 'list' }],
    ['long --all', { lane: 'long', suites: ALL, stale: true }],
    ['long --all --since v1', { lane: 'long', suites: ALL, stale: false, since: 'v1' }],
    ['long --only lab,five --seed 7', { lane: 'long', suites: ['lab', 'five'], stale: false, seed: 7 }],
  ])('%s', (line, order) => {
    expect(parseArguments(line.split(' '))).toEqual(order);
  });

  it.each([
    ['fsat', 'is no lane', 'did you mean "fast"?'],
    ['fast --node 18', '18 is none of 20, 22, 24', 'usage:'],
    ['fast --nod all', "Unknown option '--nod'", 'usage:'],
    ['long', 'said by --only or by --all', 'usage:'],
    ['long --only lab --all', 'said by --only or by --all', 'usage:'],
    ['long --only machine', '"machine" is no suite', 'did you mean "machines"?'],
    ['long --only xyz', '"xyz" is no suite', 'suites are node, lab'],
    ['long --only toString', '"toString" is no suite', 'suites are'],
    ['long --all --seed -1', 'seed', 'usage:'],
    ['long --all --seed 1.5', '1.5 is no whole number', 'usage:'],
  ])('%s is refused with 2', (line, message, hint) => {
    expect(() => parseArguments(line.split(' '))).toThrow(
      expect.objectContaining({
        exit: 2,
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});
