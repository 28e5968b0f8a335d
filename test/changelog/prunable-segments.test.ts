import { expect, test } from 'vitest';
import { prunableSegments } from '../../src/changelog/prunable-segments.js';

const segment = (incarnation: number, first: number) => ({
  path: `${incarnation}-${first}`,
  incarnation,
  first,
  header: undefined,
});
const gone = (segments: [number, number][], kept: [number, number][]): string[] =>
  prunableSegments({
    segments: segments.map(([incarnation, first]) => segment(incarnation, first)),
    kept: kept.map(([incarnation, revision]) => ({ incarnation, revision })),
  }).map(({ path }) => path);

test('what the oldest snapshot of its incarnation holds goes, and all of an earlier incarnation without one', () => {
  const segments: [number, number][] = [
    [1, 101],
    [2, 101],
    [2, 201],
    [2, 301],
  ];
  expect(gone(segments, [[2, 100]])).toEqual(['1-101']);
  expect(gone(segments, [[2, 199]])).toEqual(['1-101']);
  expect(gone(segments, [[2, 200]])).toEqual(['1-101', '2-101']);
  expect(gone(segments, [[2, 900]])).toEqual(['1-101', '2-101', '2-201']);
  expect(
    gone(segments, [
      [1, 100],
      [2, 900],
      [2, 210],
    ]),
  ).toEqual(['2-101']);
  expect(gone(segments, [])).toEqual([]);
  expect(gone(segments, [[1, 900]])).toEqual([]);
});
