import { expect, it } from 'vitest';
import { isMarked, isSuperseded, markText, parseMark } from '../../src/node/operator-mark.js';

const OWN = { id: 'b2', generation: 2 };

it('is read as it was written, and what is none is none', () => {
  expect(parseMark(markText(OWN))).toEqual(OWN);
  expect(parseMark('2 b2\n')).toEqual(OWN);
  for (const none of ['', '2', '0 b2', '2 b2 x', 'two b2', '1234567890123456 b2'])
    expect(parseMark(none)).toBeUndefined();
});

it.each([
  ['nothing', undefined, false, false],
  ['itself', OWN, false, true],
  ['an earlier copy', { id: 'a1', generation: 1 }, false, false],
  ['a later copy', { id: 'c3', generation: 3 }, true, false],
  ['another copy of the same generation', { id: 'c3', generation: 2 }, true, false],
])('beside %s it steps back, and is noted, where it has to', (_what, found, steps, noted) => {
  expect(isSuperseded(OWN, found)).toBe(steps);
  expect(isMarked(OWN, found)).toBe(noted);
});

it('where nothing is noted, as by earlier releases, it is the first', () => {
  expect(isMarked({ id: 'a1', generation: 1 }, undefined)).toBe(true);
});
