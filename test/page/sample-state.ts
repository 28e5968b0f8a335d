import { statusDocument } from '../../src/cluster/status-document.js';
import { withLoss, withSighting } from '../../src/page/epoch-line.js';
import type { NodeEpochs, PageSource, PageState } from '../../src/page/page-state.js';
import { createRunRecorder } from '../../src/page/run-recorder.js';
import type { RunEvent } from '../../src/runner/events.js';
import { coldRun } from '../ui/sample-runs.js';

/** A minute after the runs of test/ui/sample-runs.ts. */
export const NOW = new Date('2026-11-20T10:01:00Z');

const before = (minutes: number): string => new Date(NOW.getTime() - minutes * 60_000).toISOString();

export const NODE = { down: [], kernel: [], putBack: 0, kubelet: 'v1.37.2' };
const MEMBER = { isLearner: false, isLeader: false, version: '3.7.3', databaseBytes: 2_500_000, errors: [] };

/** Three control planes of which one was rebooted a few times, after a run that brought up everything. */
export function sampleState(events: readonly RunEvent[] = coldRun()): PageState {
  const names = ['s4', 's5', 's6'];
  const recorder = createRunRecorder();
  for (const event of events) recorder.record(event);
  const document = statusDocument(
    {
      cluster: 'lab',
      kubernetes: '1.37.2',
      etcd: '3.7.3',
      incarnation: 4,
      members: names.map((name) => ({ name, ...MEMBER, isLeader: name === 's5' })),
      nodes: names.map((name) => ({ name, role: 'control-plane', ...NODE })),
      strays: [],
      snapshot: { id: '4-9120', objects: 261, takenAt: new Date(before(3)) },
      copies: undefined,
      authorities: [
        { id: 'kubernetes', ends: new Date('2036-11-20T00:00:00Z') },
        { id: 'etcd', ends: new Date('2036-11-21T00:00:00Z') },
      ],
    },
    NOW,
  );
  return {
    status: { takenAt: before(0.05), document },
    epochs: sampleEpochs(names),
    snapshots: [
      { id: '4-9120', takenAt: before(3), objects: 261, problems: [] },
      { id: '4-8003', takenAt: before(8), objects: 258, problems: [] },
      { id: '3-7544', takenAt: before(190), objects: 240, problems: ['the encryption key k1 is missing from pki/'] },
    ],
    log: { lagMs: 180, node: 's5' },
    ...recorder.recorded(),
  };
}

function sampleEpochs(names: readonly string[]): NodeEpochs[] {
  const boots = names.flatMap((node, index) => [
    { node, bootId: `0${index}aaaaaa-1`, at: before(200) },
    { node, at: before(60) },
    { node, bootId: `1${index}bbbbbb-2`, at: before(57 - index) },
  ]);
  const again = [
    { node: 's6', at: before(21) },
    { node: 's6', bootId: '22cccccc-3', at: before(20) },
  ];
  return [...boots, ...again].reduce<NodeEpochs[]>(
    (lines, { node, bootId, at }) =>
      bootId === undefined ? withLoss(lines, { node, at }) : withSighting(lines, { node, bootId, at }),
    [],
  );
}

export interface SampleSource extends PageSource {
  set(state: PageState): void;
}

export function sampleSource(state: PageState = sampleState()): SampleSource {
  let held = state;
  const listeners = new Set<() => void>();
  return {
    current: () => held,
    changed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(next) {
      held = next;
      for (const listener of listeners) listener();
    },
  };
}
