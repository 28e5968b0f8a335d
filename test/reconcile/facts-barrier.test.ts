import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { createFactsBarrier } from '../../src/reconcile/facts-barrier.js';
import { sampleFacts } from '../helpers/sample-facts.js';

const READ = sampleFacts();
const NODES = [
  { name: 's4', role: 'control-plane' },
  { name: 's5', role: 'worker' },
  { name: 's6', role: 'worker' },
] as const;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Whether it has settled once so much time has passed. */
async function stateAfter(ms: number, promise: Promise<unknown>): Promise<'settled' | 'waiting'> {
  let state: 'settled' | 'waiting' = 'waiting';
  promise.then(
    () => {
      state = 'settled';
    },
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(ms);
  return state;
}

describe('the barrier before planning', () => {
  const { signal } = new AbortController();

  it('is enough when everybody has settled', async () => {
    const barrier = createFactsBarrier(NODES, { patient: false });
    const enough = barrier.enough(signal);
    barrier.settle('s4', READ);
    barrier.settle('s5', READ);
    expect(await stateAfter(0, enough)).toBe('waiting');
    barrier.settle('s6', READ);
    expect(await stateAfter(0, enough)).toBe('settled');
  });

  it('tells who has not answered, and of nobody when all have settled', () => {
    const barrier = createFactsBarrier(NODES, { patient: true });
    expect(barrier.unanswered()).toBe('s4, s5, s6 have not answered');
    for (const name of ['s4', 's5']) barrier.settle(name, READ);
    expect(barrier.unanswered()).toBe('s6 has not answered');
    barrier.settle('s6', READ);
    expect(barrier.unanswered()).toBe('');
    barrier.recall('s4');
    expect(barrier.unanswered()).toBe('s4 has not answered');
  });

  it('knows who was read and who was not, and of one that went away neither', () => {
    const barrier = createFactsBarrier(NODES, { patient: true });
    const silent = new DisklessError({ code: 'unreachable', message: 'it does not answer' });
    barrier.settle('s4', READ);
    barrier.settle('s5', silent);
    const before = barrier.hosts();
    expect([[...before.facts], [...before.unread]]).toEqual([[['s4', READ]], [['s5', silent]]]);
    barrier.recall('s4');
    expect(barrier.hosts().facts.size).toBe(0);
    barrier.settle('s4', silent);
    expect([...barrier.hosts().unread.keys()].toSorted()).toEqual(['s4', 's5']);
    // What was told before is of that moment.
    expect(before.facts.size).toBe(1);
  });

  it('does not wait long for workers that nobody hears of', async () => {
    const barrier = createFactsBarrier(NODES, { patient: false });
    barrier.settle('s4', READ);
    const enough = barrier.enough(signal);
    expect(await stateAfter(400, enough)).toBe('waiting');
    expect(await stateAfter(200, enough)).toBe('settled');
  });

  it('waits on while workers come one after the other', async () => {
    const barrier = createFactsBarrier(NODES, { patient: false });
    barrier.settle('s4', READ);
    const enough = barrier.enough(signal);
    expect(await stateAfter(400, enough)).toBe('waiting');
    barrier.heard('s5');
    expect(await stateAfter(400, enough)).toBe('waiting');
    barrier.settle('s5', READ);
    expect(await stateAfter(400, enough)).toBe('waiting');
    barrier.settle('s6', READ);
    expect(await stateAfter(0, enough)).toBe('settled');
  });

  it('waits for every worker when patient', async () => {
    const barrier = createFactsBarrier(NODES, { patient: true });
    barrier.settle('s4', READ);
    const enough = barrier.enough(signal);
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    barrier.settle('s5', READ);
    barrier.settle('s6', READ);
    expect(await stateAfter(0, enough)).toBe('settled');
  });

  it('waits again for one that is called back', async () => {
    const barrier = createFactsBarrier(NODES, { patient: false });
    for (const { name } of NODES) barrier.settle(name, READ);
    await barrier.enough(signal);
    barrier.recall('s4');
    const enough = barrier.enough(signal);
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    barrier.settle('s4', READ);
    expect(await stateAfter(0, enough)).toBe('settled');
  });

  it('waits for every control plane', async () => {
    const barrier = createFactsBarrier(NODES, { patient: false });
    const stop = new AbortController();
    const enough = barrier.enough(stop.signal);
    barrier.settle('s5', READ);
    barrier.settle('s6', READ);
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    stop.abort();
    await expect(enough).rejects.toThrow();
  });
});

describe('control planes that are missing, where the others decide', () => {
  const { signal } = new AbortController();
  const nodes = ['s4', 's5', 's6'].map((name) => ({ name, role: 'control-plane' as const }));
  /** s4 and s5 decide together. */
  const barrierOf = (patient = false) => {
    const read = new Set<string>();
    const isDecidedWithout = (missing: readonly string[]) => read.size === 2 && missing.join() === 's6';
    const barrier = createFactsBarrier(nodes, { patient, isDecidedWithout });
    const settle = (name: string): void => {
      read.add(name);
      barrier.settle(name, READ);
    };
    return { barrier, settle };
  };

  it('are not waited for longer than workers', async () => {
    const { barrier, settle } = barrierOf();
    const enough = barrier.enough(signal);
    settle('s4');
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    settle('s5');
    expect(await stateAfter(400, enough)).toBe('waiting');
    expect(await stateAfter(200, enough)).toBe('settled');
  });

  it('are waited for while they are read, and no longer when they went away in the middle', async () => {
    const { barrier, settle } = barrierOf();
    const enough = barrier.enough(signal);
    settle('s4');
    settle('s5');
    barrier.heard('s6');
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    barrier.lost('s6');
    expect(await stateAfter(400, enough)).toBe('waiting');
    expect(await stateAfter(200, enough)).toBe('settled');
  });

  it('are waited for when patient', async () => {
    const { barrier, settle } = barrierOf(true);
    const enough = barrier.enough(signal);
    settle('s4');
    settle('s5');
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    settle('s6');
    expect(await stateAfter(0, enough)).toBe('settled');
  });
});
