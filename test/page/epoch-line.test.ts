import { expect, it } from 'vitest';
import { withLoss, withRunEvent, withSighting } from '../../src/page/epoch-line.js';
import type { NodeEpochs } from '../../src/page/page-state.js';
import { coldRun } from '../ui/sample-runs.js';

const time = (minute: number): string => `2026-11-20T10:${String(minute).padStart(2, '0')}:00Z`;
const seen = (lines: readonly NodeEpochs[], bootId: string, minute: number) =>
  withSighting(lines, { node: 's4', bootId, at: time(minute) });

it('a boot lasts until another is seen', () => {
  const lines = seen(seen(seen([], 'a', 0), 'a', 5), 'b', 9);
  expect(lines).toEqual([
    {
      node: 's4',
      epochs: [
        { bootId: 'a', from: time(0), until: time(9) },
        { bootId: 'b', from: time(9) },
      ],
    },
  ]);
});

it('it ends when the node is seen to be gone, once', () => {
  const gone = withLoss(withLoss(seen([], 'a', 0), { node: 's4', at: time(3) }), { node: 's4', at: time(4) });
  expect(gone[0]?.epochs).toEqual([{ bootId: 'a', from: time(0), until: time(3) }]);
  expect(seen(gone, 'b', 6)[0]?.epochs).toEqual([
    { bootId: 'a', from: time(0), until: time(3) },
    { bootId: 'b', from: time(6) },
  ]);
});

it('one that was only away goes on', () => {
  const back = seen(withLoss(seen([], 'a', 0), { node: 's4', at: time(3) }), 'a', 4);
  expect(back[0]?.epochs).toEqual([{ bootId: 'a', from: time(0) }]);
});

it('a node nobody has seen has none', () => expect(withLoss([], { node: 's4', at: time(0) })).toEqual([]));

it('nothing that was handed out changes', () => {
  const before = seen([], 'a', 0);
  const copy = structuredClone(before);
  seen(before, 'b', 1);
  withLoss(before, { node: 's4', at: time(1) });
  expect(before).toEqual(copy);
});

it('the oldest boots make room', () => {
  const lines = Array.from({ length: 200 }, (_, index) => index).reduce<NodeEpochs[]>(
    (known, index) => seen(known, `boot ${index}`, index % 60),
    [],
  );
  expect(lines[0]?.epochs).toHaveLength(50);
  expect(lines[0]?.epochs.at(-1)?.bootId).toBe('boot 199');
});

it('a run tells in which boot it left its nodes', () => {
  const events = coldRun().map((event) =>
    event.type === 'run-finished'
      ? { ...event, nodes: event.nodes.map((node, index) => (index === 0 ? { ...node, bootId: 'x' } : node)) }
      : event,
  );
  const lines = events.reduce<NodeEpochs[]>(withRunEvent, []);
  expect(lines).toEqual([{ node: 's4', epochs: [{ bootId: 'x', from: events.at(-1)?.time }] }]);
});
