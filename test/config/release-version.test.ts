import { expect, it } from 'vitest';
import { newestFirst, parseReleaseVersion } from '../../src/config/release-version.js';

it('sorts final releases by number, newest first', () => {
  expect(['1.9.11', '1.36.2', '1.20.2', '1.20.15', '1.36.10'].sort(newestFirst)).toEqual([
    '1.36.10',
    '1.36.2',
    '1.20.15',
    '1.20.2',
    '1.9.11',
  ]);
});

it('takes final releases only', () => {
  expect(parseReleaseVersion('1.20.2')).toEqual([1, 20, 2]);
  for (const text of ['1.37.0-beta.0', '1.20', 'v1.20.2', '', '1.20.2.1'])
    expect(parseReleaseVersion(text)).toBeUndefined();
});
