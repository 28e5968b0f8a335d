import { describe, expect, test } from 'vitest';
import { isNotModified, rangeHolds } from '../../src/web/preconditions.js';

const modified = new Date('2026-11-20T12:00:00.700Z');
const validators = { etag: '"abc"', modified };
const [same, earlier, later] = [0, -1000, 1000].map((ms) => new Date(modified.getTime() + ms).toUTCString());

describe('whether the client has it already', () => {
  test.each([
    [{}, false],
    [{ 'if-none-match': '"abc"' }, true],
    [{ 'if-none-match': '"x", W/"abc"' }, true],
    [{ 'if-none-match': '*' }, true],
    [{ 'if-none-match': '"x"' }, false],
    [{ 'if-none-match': '"x"', 'if-modified-since': later }, false],
    [{ 'if-modified-since': same }, true],
    [{ 'if-modified-since': later }, true],
    [{ 'if-modified-since': earlier }, false],
    [{ 'if-modified-since': 'yesterday' }, false],
  ])('%j: %s', (headers, expected) => {
    expect(isNotModified(headers, validators)).toBe(expected);
  });
});

describe('whether a part may be sent', () => {
  test.each([
    [{}, true],
    [{ 'if-range': '"abc"' }, true],
    [{ 'if-range': '"x"' }, false],
    [{ 'if-range': 'W/"abc"' }, false],
    [{ 'if-range': same }, true],
    [{ 'if-range': later }, false],
  ])('%j: %s', (headers, expected) => {
    expect(rangeHolds(headers, validators)).toBe(expected);
  });
});
