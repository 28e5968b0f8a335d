import { describe, expect, it } from 'vitest';
import { createAttendance } from '../../src/reconcile/attendance.js';

const NODES = [
  { name: 's4', role: 'control-plane' },
  { name: 's5', role: 'worker' },
] as const;

/** What has settled once everything that could happen without further news has happened. */
async function stateOf(promise: Promise<unknown>): Promise<'settled' | 'waiting'> {
  const soon = new Promise<'waiting'>((resolve) => setImmediate(() => resolve('waiting')));
  return Promise.race([promise.then(() => 'settled' as const), soon]);
}

describe('attendance', () => {
  const { signal } = new AbortController();

  it('is enough when everybody has settled', async () => {
    const attendance = createAttendance(NODES, { patient: true });
    const enough = attendance.enough(signal);
    attendance.settle('s4');
    expect(await stateOf(enough)).toBe('waiting');
    attendance.settle('s5');
    await enough;
  });

  it('does not wait for a worker for long', async () => {
    const attendance = createAttendance(NODES, { patient: false });
    attendance.settle('s4');
    await attendance.enough(signal);
  });

  it('waits for every control plane', async () => {
    const attendance = createAttendance(NODES, { patient: false });
    const stop = new AbortController();
    const enough = attendance.enough(stop.signal);
    attendance.settle('s5');
    expect(await stateOf(enough)).toBe('waiting');
    stop.abort();
    await expect(enough).rejects.toThrow();
  });
});
