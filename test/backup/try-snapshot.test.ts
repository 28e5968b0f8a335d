import { expect, it } from 'vitest';
import { countedFrom, lossOf } from '../../src/backup/try-snapshot.js';
import { sampleSnapshot } from './samples.js';

const printed = (...keys: string[]): string =>
  `${['serves', ...keys.map((key) => Buffer.from(key).toString('base64')), 'end'].join('\n')}\n`;

it('counts what is served, by resource', () => {
  const text = printed('/registry/pods/a/b', '/registry/pods/a/c', '/registry/events/a/d', 'compact_rev_key');
  expect(countedFrom(text)).toEqual({ keys: 4, objects: 2, byResource: { pods: 2, events: 1 } });
  expect(countedFrom(printed())).toEqual({ keys: 0, objects: 0, byResource: {} });
});

it.each(['', 'serves\n', printed('/registry/pods/a/b').replace('end\n', '')])('%j did not come to its end', (text) =>
  expect(countedFrom(text)).toBeUndefined(),
);

it('misses objects, and keys beyond those that pass by themselves', () => {
  const snapshot = sampleSnapshot({ keys: 300, objects: 200 });
  const loss = (keys: number, objects: number) => lossOf(snapshot, { keys, objects, byResource: {} });
  expect([loss(300, 200), loss(290, 200)]).toEqual([undefined, undefined]);
  expect(loss(299, 199)).toBe('199 of 200 objects are served');
  expect(loss(199, 200)).toBe('199 of 300 keys are served');
  expect(loss(301, 200)).toBe('301 of 300 keys are served');
});
