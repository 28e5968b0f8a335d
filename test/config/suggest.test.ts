import { expect, test } from 'vitest';
import { didYouMean, nearest } from '../../src/config/suggest.js';

const KEYS = ['podCidr', 'serviceCidr', 'nodeCidr', 'mode', 'mtu', 'kubernetes', 'controlPlane', 'hosts'];

test.each([
  ['podCIDR', 'podCidr'],
  ['podCdir', 'podCidr'],
  ['pod', undefined],
  ['servicecidr', 'serviceCidr'],
  ['kubernetesVersion', 'kubernetes'],
  ['control', 'controlPlane'],
  ['host', 'hosts'],
  ['mdoe', 'mode'],
  ['mt', 'mtu'],
  ['colour', undefined],
  ['', undefined],
])('%j: %s', (word, expected) => expect(nearest(word, KEYS)).toBe(expected));

test('the nearest of several', () => expect(nearest('nodeCidr', KEYS)).toBe('nodeCidr'));

test('as a question', () => {
  expect(didYouMean('s5', ['s4', 's55', 'worker'])).toBe('did you mean "s4"?');
  expect(didYouMean('s5', [])).toBeUndefined();
});
