import { expect, test } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { createRunModel, record, slowest, stepCounts, timedRuns, wallTime } from '../../src/ui/run-model.js';
import { at, coldRun, fullTarget, partialRun, refusedRun, started, work } from './sample-runs.js';

function modelOf(events: ReturnType<typeof coldRun>) {
  const model = createRunModel();
  for (const event of events) record(model, event);
  return model;
}

function stepOf(model: ReturnType<typeof modelOf>, id: string) {
  const step = model.steps.get(id);
  if (!step) throw new Error(`no step ${id}`);
  return step;
}

test('steps keep the announced order, others follow as they come', () => {
  const model = modelOf([
    started(['s4']),
    ...work({ step: 'late', node: 's4', fromMs: 1, toMs: 2 }),
    ...coldRun().slice(1),
  ]);
  expect([...model.steps.keys()].slice(0, 2)).toEqual(['connect', 'preflight']);
  expect([...model.steps.keys()].at(-1)).toBe('late');
});

test('counts, wall time and the slowest node', () => {
  const model = modelOf(partialRun());
  const push = stepOf(model, 'push');
  const counts = stepCounts(push);
  expect([counts.good.length, counts.failed.length, counts.left.length, counts.running.length]).toEqual([7, 4, 1, 0]);
  expect(timedRuns(push)).toHaveLength(11);
  expect(wallTime(push, model.ms)).toEqual({ beganMs: 700, elapsedMs: 2750 });
  expect(slowest(timedRuns(push), model.ms)?.node).toBe('s14');
});

test('while it runs, time goes on', () => {
  const model = modelOf([at(100, { type: 'step-started', step: 'push', node: 's4' })]);
  const push = stepOf(model, 'push');
  expect(wallTime(push, 400)).toEqual({ beganMs: 100, elapsedMs: 300 });
  expect(slowest([...push.runs.values()], 400)?.node).toBe('s4');
});

test('a step may begin again on another node', () => {
  const model = modelOf([
    ...work({ step: 'push', node: 's4', fromMs: 0, toMs: 10 }),
    at(20, { type: 'step-started', step: 'push', node: 's5' }),
  ]);
  expect(stepCounts(stepOf(model, 'push')).running.map(({ node }) => node)).toEqual(['s5']);
});

test('the error that ends the run is not told twice', () => {
  const again = fullTarget('s6');
  const finished = (error: DisklessError) =>
    at(9, { type: 'run-finished', exit: 4, durationMs: 9, changed: 0, nodes: [], error });
  const failing = work({ step: 'push', node: 's6', fromMs: 0, toMs: 9, error: fullTarget('s6') });
  expect(modelOf([...failing, finished(again)]).errors).toHaveLength(1);
  const other = new DisklessError({ code: 'other', message: 'other' });
  expect(modelOf([...failing, finished(other)]).errors).toHaveLength(2);
  expect(modelOf(refusedRun()).errors.map(({ code }) => code)).toEqual(['quorum-lost']);
});
