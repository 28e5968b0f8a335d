import { expect, test } from 'vitest';
import { bytesText, count, durationText, namesOrCount, percent } from '../../src/ui/units.js';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9_949, '9.9 kB'],
  [9_951, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [145_300_000, '145 MB'],
  [40e9, '40 GB'],
  [5e16, '50000 TB'],
])('%i bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test.each([
  [0, '0 ms'],
  [99.4, '99 ms'],
  [99.5, '0.1 s'],
  [9_449, '9.4 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 0 s'],
  [105_000, '1 min 45 s'],
  [3_599_600, '60 min 0 s'],
])('%d ms are %s', (ms, text) => expect(durationText(ms)).toBe(text));

test('counts and names', () => {
  expect([count(1, 'node'), count(0, 'node'), count(12, 'node')]).toEqual(['1 node', '0 nodes', '12 nodes']);
  expect(namesOrCount(['s4', 's5', 's6'], 'host')).toBe('s4, s5, s6');
  expect(namesOrCount(['s4', 's5', 's6', 's7'], 'host')).toBe('4 hosts');
});

test('a transfer of unknown size tells its bytes', () => {
  expect([percent({ done: 199, total: 200 }), percent({ done: 5, total: 0 })]).toEqual(['99 %', '5 bytes']);
});
