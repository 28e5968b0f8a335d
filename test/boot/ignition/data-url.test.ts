import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { dataUrl, readDataUrl } from '../../../src/boot/ignition/data-url.js';

const TEXTS = ['', 's4\n', '100 % "ü" €\t#?&,;\\\n', "it's (a) *test*!"];

test.each(TEXTS)('%j survives', (text) => {
  expect(dataUrl(text)).toMatch(/^data:,[!-~]*$/);
  expect(readDataUrl(dataUrl(text))).toBe(text);
});

describe('data URLs of others', () => {
  test.each([
    ['data:;base64,czQK', undefined, 's4\n'],
    ['data:text/plain;charset=utf-8;base64,czQK', undefined, 's4\n'],
    ['data:text/plain,s4', undefined, 's4'],
    [`data:;base64,${gzipSync('packed').toString('base64')}`, 'gzip', 'packed'],
  ])('%s', (url, compression, text) => {
    expect(readDataUrl(url, compression)).toBe(text);
  });

  test.each([
    ['https://example.org/x', undefined],
    ['data:no-comma', undefined],
    ['data:,%zz', undefined],
    ['data:;base64,czQK', 'gzip'],
  ])('%s is not readable', (url, compression) => {
    expect(readDataUrl(url, compression)).toBeUndefined();
  });
});
