import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAttendance } from '../../src/reconcile/attendance.js';

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

describe('attendance', () => {
  const { signal } = new AbortController();

  it('is enough when everybody has settled', async () => {
    const attendance = createAttendance(NODES, { patient: false });
    const enough = attendance.enough(signal);
    attendance.settle('s4');
    attendance.settle('s5');
    expect(await stateAfter(0, enough)).toBe('waiting');
    attendance.settle('s6');
    expect(await stateAfter(0, enough)).toBe('settled');
  });

  it('tells who has not answered, and of nobody when all have settled', () => {
    const attendance = createAttendance(NODES, { patient: true });
    expect(attendance.unanswered()).toBe('s4, s5, s6 have not answered');
    for (const name of ['s4', 's5']) attendance.settle(name);
    expect(attendance.unanswered()).toBe('s6 has not answered');
    attendance.settle('s6');
    expect(attendance.unanswered()).toBe('');
    attendance.recall('s4');
    expect(attendance.unanswered()).toBe('s4 has not answered');
  });

  it('does not wait long for workers that nobody hears of', async () => {
    const attendance = createAttendance(NODES, { patient: false });
    attendance.settle('s4');
    const enough = attendance.enough(signal);
    expect(await stateAfter(400, enough)).toBe('waiting');
    expect(await stateAfter(200, enough)).toBe('settled');
  });

  it('waits on while workers come one after the other', async () => {
    const attendance = createAttendance(NODES, { patient: false });
    attendance.settle('s4');
    const enough = attendance.enough(signal);
    expect(await stateAfter(400, enough)).toBe('waiting');
    attendance.heard('s5');
    expect(await stateAfter(400, enough)).toBe('waiting');
    attendance.settle('s5');
    expect(await stateAfter(400, enough)).toBe('waiting');
    attendance.settle('s6');
    expect(await stateAfter(0, enough)).toBe('settled');
  });

  it('waits for every worker when patient', async () => {
    const attendance = createAttendance(NODES, { patient: true });
    attendance.settle('s4');
    const enough = attendance.enough(signal);
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    attendance.settle('s5');
    attendance.settle('s6');
    expect(await stateAfter(0, enough)).toBe('settled');
  });

  it('waits again for one that is called back', async () => {
    const attendance = createAttendance(NODES, { patient: false });
    for (const { name } of NODES) attendance.settle(name);
    await attendance.enough(signal);
    attendance.recall('s4');
    const enough = attendance.enough(signal);
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    attendance.settle('s4');
    expect(await stateAfter(0, enough)).toBe('settled');
  });

  it('waits for every control plane', async () => {
    const attendance = createAttendance(NODES, { patient: false });
    const stop = new AbortController();
    const enough = attendance.enough(stop.signal);
    attendance.settle('s5');
    attendance.settle('s6');
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    stop.abort();
    await expect(enough).rejects.toThrow();
  });
});

describe('control planes that are missing, where the others decide', () => {
  const { signal } = new AbortController();
  const nodes = ['s4', 's5', 's6'].map((name) => ({ name, role: 'control-plane' as const }));
  /** s4 and s5 decide together. */
  const attendanceOf = (patient = false) => {
    const read = new Set<string>();
    const isDecidedWithout = (missing: readonly string[]) => read.size === 2 && missing.join() === 's6';
    const attendance = createAttendance(nodes, { patient, isDecidedWithout });
    const settle = (name: string): void => {
      read.add(name);
      attendance.settle(name);
    };
    return { attendance, settle };
  };

  it('are not waited for longer than workers', async () => {
    const { attendance, settle } = attendanceOf();
    const enough = attendance.enough(signal);
    settle('s4');
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    settle('s5');
    expect(await stateAfter(400, enough)).toBe('waiting');
    expect(await stateAfter(200, enough)).toBe('settled');
  });

  it('are waited for while they are read, and no longer when they went away in the middle', async () => {
    const { attendance, settle } = attendanceOf();
    const enough = attendance.enough(signal);
    settle('s4');
    settle('s5');
    attendance.heard('s6');
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    attendance.lost('s6');
    expect(await stateAfter(400, enough)).toBe('waiting');
    expect(await stateAfter(200, enough)).toBe('settled');
  });

  it('are waited for when patient', async () => {
    const { attendance, settle } = attendanceOf(true);
    const enough = attendance.enough(signal);
    settle('s4');
    settle('s5');
    expect(await stateAfter(60_000, enough)).toBe('waiting');
    settle('s6');
    expect(await stateAfter(0, enough)).toBe('settled');
  });
});
