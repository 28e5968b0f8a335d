import type { RunEvent } from '../runner/events.js';
import type { Epoch, NodeEpochs } from './page-state.js';

/** So many boots of a node are kept. */
const KEPT_EPOCHS = 50;

export interface Sighting {
  node: string;
  bootId: string;
  /** ISO 8601. */
  at: string;
}

/** A node was seen in a boot: the one before it, if it has not been seen to end, has ended by then. Pure. */
export function withSighting(lines: readonly NodeEpochs[], { node, bootId, at }: Sighting): NodeEpochs[] {
  const { epochs = [] } = lines.find((line) => line.node === node) ?? {};
  const current = epochs.at(-1);
  if (current?.bootId !== bootId) return withEpochs(lines, node, [...ended(epochs, at), { bootId, from: at }]);
  if (current.until === undefined) return [...lines];
  // It was away, not gone.
  return withEpochs(lines, node, [...epochs.slice(0, -1), { bootId, from: current.from }]);
}

/** A node was seen to be gone: off, or between two boots. Pure. */
export function withLoss(lines: readonly NodeEpochs[], { node, at }: Omit<Sighting, 'bootId'>): NodeEpochs[] {
  const line = lines.find((each) => each.node === node);
  return line === undefined ? [...lines] : withEpochs(lines, node, ended(line.epochs, at));
}

/** What a run found out of boots. Pure. */
export function withRunEvent(lines: readonly NodeEpochs[], event: RunEvent): NodeEpochs[] {
  if (event.type !== 'run-finished') return [...lines];
  return event.nodes.reduce<NodeEpochs[]>(
    (known, { name: node, bootId }) =>
      bootId === undefined ? known : withSighting(known, { node, bootId, at: event.time }),
    [...lines],
  );
}

function ended(epochs: readonly Epoch[], until: string): Epoch[] {
  const current = epochs.at(-1);
  return current === undefined || current.until !== undefined
    ? [...epochs]
    : [...epochs.slice(0, -1), { ...current, until }];
}

function withEpochs(lines: readonly NodeEpochs[], node: string, epochs: readonly Epoch[]): NodeEpochs[] {
  const kept = { node, epochs: epochs.slice(-KEPT_EPOCHS) };
  return lines.some((line) => line.node === node)
    ? lines.map((line) => (line.node === node ? kept : line))
    : [...lines, kept];
}
