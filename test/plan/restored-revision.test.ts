import { describe, expect, it } from 'vitest';
import { aboveAllBefore, bumpOf, highestRevision } from '../../src/plan/restored-revision.js';

/** Where a life begins that is made of a snapshot at this revision. */
function beginning(revision: string, lives: { incarnation: number; known: string }): bigint {
  return BigInt(revision) + BigInt(bumpOf(revision, aboveAllBefore(lives)));
}

describe('revisions of a restored life', () => {
  it('are above those of another life that came from the same snapshot, though nothing else is known of that', () => {
    const second = beginning('700', { incarnation: 2, known: '700' });
    const third = beginning('700', { incarnation: 3, known: '700' });
    expect(third - second).toBeGreaterThanOrEqual(1_000_000_000n);
  });

  it('are above whatever is known, also of a life that wrote more than the distance between lives', () => {
    const known = '7500000000';
    expect(beginning('700', { incarnation: 3, known })).toBe(8_500_000_000n);
  });

  it('are above what comes from a copy that is further than all that was known', () => {
    expect(beginning('4000000000', { incarnation: 2, known: '900' })).toBe(5_000_000_000n);
  });

  it('fit into what etcd counts with, and are exact where numbers are not', () => {
    expect(bumpOf('9007199254740993', '9007200254740994')).toBe('1000000001');
  });

  it('are raised as an earlier release did where a record of one says nothing', () => {
    expect(bumpOf('3000000700')).toBe('1000000000');
  });
});

it('highestRevision goes by number, not by text', () => {
  expect(highestRevision([{ revision: '99' }, { revision: '1000000065' }, { revision: '7' }])).toBe('1000000065');
  expect(highestRevision([])).toBe('0');
});
