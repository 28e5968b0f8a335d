import { expect, test } from 'vitest';
import { timedLines } from '../../../src/bench/measure/wall-clock.js';

test('what was timed while the clock went on by itself', () => {
  expect(timedLines('12\nlost\nclock -9000\n', 's4')).toEqual(['12', 'lost']);
});

test.each([
  ['12\nlost\nclock 51000\n', 'forwards, between two of them'],
  ['12\nlost\nclock -2000000\n', 'backwards, between two of them'],
  ['12\n-3\nclock -9000\n', 'by a little, within one'],
  ['0 12\n1 -3\nclock -9000\n', 'by a little, within one of those numbered'],
])('nothing was timed by a clock that was set: %j (%s)', (stdout) => {
  expect(() => timedLines(stdout, 's4')).toThrow(expect.objectContaining({ code: 'clock-set', host: 's4' }));
});

test('a script that broke off timed nothing', () => {
  expect(timedLines('12\n13\n', 's4')).toBeUndefined();
});
