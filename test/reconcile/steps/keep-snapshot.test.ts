import { expect, it } from 'vitest';
import { DisklessError } from '../../../src/errors.js';
import type { Judged } from '../../../src/reconcile/context.js';
import { keepSnapshot } from '../../../src/reconcile/steps/keep-snapshot.js';
import type { RunEvent } from '../../../src/runner/events.js';

interface Scenario {
  changes?: number;
  phase?: string;
  /** There is one of this incarnation. */
  has?: boolean;
  keep?: () => Promise<unknown>;
}

async function runWith({ changes = 1, phase = 'bootstrapped', has = true, keep }: Scenario = {}) {
  const { signal } = new AbortController();
  let kept = 0;
  const told: Partial<RunEvent>[] = [];
  const count = async () => {
    kept += 1;
    return keep ? keep() : { snapshot: { id: '1-7', etcd: '3.7.3' } };
  };
  const context = {
    bus: { emit: (event: RunEvent) => told.push(event) },
    memory: { tally: new Map([['s4', { changes, bytesSent: 0 }]]), record: { etcd: { phase } } },
    options: { backups: { keep: count, has: async () => has } },
  } as unknown as Judged;
  const outcome = await keepSnapshot(context, { node: '', step: 'keep', signal, failed: new Set() });
  return { outcome, kept, told };
}

it('keeps what a run made that changed something', async () => {
  const { outcome, kept, told } = await runWith();
  expect({ outcome, kept }).toEqual({ outcome: 'unchanged', kept: 1 });
  expect(told).toMatchObject([
    { level: 'info', code: 'snapshot-kept', message: 'snapshot 1-7 keeps what this run made' },
  ]);
});

it('keeps nothing where nothing changed, or etcd was not brought up whole', async () => {
  expect((await runWith({ changes: 0 })).kept).toBe(0);
  expect((await runWith({ phase: 'bootstrapping' })).kept).toBe(0);
});

it('makes up for one that an earlier run did not come to', async () => {
  expect((await runWith({ changes: 0, has: false })).kept).toBe(1);
});

it('warns where it does not come about: the cluster works', async () => {
  const failure = new DisklessError({ code: 'state-not-usable', message: 'no space is left' });
  const { outcome, told } = await runWith({ keep: () => Promise.reject(failure) });
  expect(outcome).toBe('unchanged');
  expect(told).toMatchObject([{ level: 'warning', code: 'state-not-usable', hint: 'k8s-diskless backup takes one' }]);
});

it('warns where the tool for a restore cannot be had', async () => {
  const withoutTool = new DisklessError({ code: 'artifact-missing', message: 'it is not there' });
  const { told } = await runWith({ keep: async () => ({ snapshot: { id: '1-7', etcd: '3.7.3' }, withoutTool }) });
  expect(told.map((event) => ('level' in event ? event.level : ''))).toEqual(['info', 'warning']);
});
