import { expect, test } from 'vitest';
import { LastChanges } from '../../src/changelog/last-changes.js';
import { decodeRecord, encodeRecord } from '../../src/changelog/log-record.js';
import { recordsOf } from '../../src/changelog/records-of.js';
import type { KeyChange } from '../../src/etcd/key-values.js';
import type { WatchEvent } from '../../src/etcd/watch-messages.js';
import { numbers } from '../helpers/drawn.js';

const KEYS = ['a', 'b', 'c', '/registry/pods/default/a', '/registry/events/default/e', 'compact_rev_key'];
const PASSING = new Set(KEYS.slice(4));

/** What etcd holds: each key's value, and whether it has a lease. */
type World = Map<string, { value: string; lease: string }>;

/** A random history from this world on, as a watch tells it, in answers of any length. */
function history(world: World, random: () => number): WatchEvent[][] {
  const pick = (below: number): number => Math.floor(random() * below);
  const answers: WatchEvent[][] = [];
  for (let revision = 1, left = 5 + pick(40); left > 0; left--, revision++) {
    const changed = KEYS.filter(() => pick(3) === 0);
    const events = (changed.length > 0 ? changed : ['a']).map((key): WatchEvent => {
      const lease = pick(5) === 0 ? '7' : '0';
      const value = `${revision}${key}`;
      if (pick(4) === 0) {
        world.delete(key);
        return { kind: 'delete', key, value: Buffer.alloc(0), revision, lease: '0' };
      }
      world.set(key, { value, lease });
      return { kind: 'put', key, value: Buffer.from(value), revision, lease };
    });
    const last = answers.at(-1);
    if (last && pick(2) === 0) last.push(...events);
    else answers.push(events);
  }
  return answers;
}

const lasting = (world: World): Record<string, string> =>
  Object.fromEntries(
    [...world].flatMap(([key, { value, lease }]) => (lease === '0' && !PASSING.has(key) ? [[key, value]] : [])),
  );

test('a snapshot and the log after it are what etcd held, without what passes', () => {
  const random = numbers();
  for (let round = 0; round < 300; round++) {
    const world: World = new Map(KEYS.filter(() => random() < 0.5).map((key) => [key, { value: 'old', lease: '0' }]));
    const restored = new Map(Object.entries(lasting(world)));
    const last = new LastChanges();
    let at = 0;
    for (const events of history(world, random)) {
      for (const record of recordsOf({ clusterId: '17', revision: 99, events }, at, round)) {
        last.add(decodeRecord(encodeRecord(record)) ?? record);
        at = record.to;
      }
    }
    for (const change of [...last.batches()].flat())
      if (change.kind === 'put') restored.set(change.key, String(change.value));
      else restored.delete(change.key);
    expect(Object.fromEntries(restored)).toEqual(lasting(world));
  }
});

test('a transaction holds as much as etcd takes, and what is larger alone', () => {
  const sizes = (changes: KeyChange[]): number[] => {
    const last = new LastChanges();
    last.add({ kind: 'changes', from: 1, to: 1, at: 0, changes });
    return [...last.batches()].map(({ length }) => length);
  };
  const put = (key: number, bytes: number): KeyChange => ({ kind: 'put', key: `${key}`, value: Buffer.alloc(bytes) });
  expect(sizes(Array.from({ length: 300 }, (_, key) => put(key, 1)))).toEqual([128, 128, 44]);
  expect(sizes([put(1, 700_000), put(2, 300_000), put(3, 700_000), put(4, 1_500_000), put(5, 1)])).toEqual([
    2, 1, 1, 1,
  ]);
  expect(sizes([])).toEqual([]);
});
