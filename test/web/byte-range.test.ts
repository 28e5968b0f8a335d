import { describe, expect, test } from 'vitest';
import { wantedBytes } from '../../src/web/byte-range.js';

const whole = (size: number) => ({ start: 0, end: size - 1, partial: false });

describe('a range of 100 bytes', () => {
  test.each([
    ['bytes=0-9', 0, 9],
    ['bytes=90-', 90, 99],
    ['bytes=90-1000', 90, 99],
    ['bytes=99-99', 99, 99],
    ['bytes=-10', 90, 99],
    ['bytes=-1000', 0, 99],
    ['Bytes = 5 - 6', 5, 6],
    ['bytes=0-99', 0, 99],
  ])('%s', (header, start, end) => {
    expect(wantedBytes(header, 100)).toEqual({ start, end, partial: true });
  });

  test.each([
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=9-5',
    'bytes=a-b',
    'bytes=0-1,5-6',
    'lines=1-2',
    'bytes=1.5-2',
  ])('%s is the whole', (header) => {
    expect(wantedBytes(header, 100)).toEqual(whole(100));
  });

  test.each(['bytes=100-', 'bytes=100-200', 'bytes=-0', 'bytes=99999999999999999999-'])(
    '%s cannot be had',
    (header) => {
      expect(wantedBytes(header, 100)).toBe('unsatisfiable');
    },
  );
});

test('an empty file has no bytes to choose from', () => {
  expect(wantedBytes(undefined, 0)).toEqual(whole(0));
  expect(wantedBytes('bytes=0-', 0)).toBe('unsatisfiable');
  expect(wantedBytes('bytes=-5', 0)).toBe('unsatisfiable');
});
