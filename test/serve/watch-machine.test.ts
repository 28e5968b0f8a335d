import { expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { type Sight, watchMachine } from '../../src/serve/watch-machine.js';
import type { Connection } from '../../src/ssh/transport.js';
import { virtualClock } from '../helpers/virtual-clock.js';

const failing = (code: string) => new DisklessError({ code, message: code });

/** Each attempt in its turn: a boot that it finds, whose connection is lost at once, or how it fails; then it ends. */
async function watched(attempts: readonly (string | DisklessError)[]) {
  const clock = virtualClock();
  const sights: Sight[] = [];
  const pauses: number[] = [];
  const end = new AbortController();
  const left = [...attempts];
  const connect = async (): Promise<Connection> => {
    const next = left.shift();
    if (next === undefined) {
      end.abort(failing('interrupted'));
      throw end.signal.reason;
    }
    if (next instanceof DisklessError) throw next;
    const exec = async () => ({ exitCode: 0, stdout: `${next}\n`, stderr: '', signal: null });
    return { exec, closed: Promise.resolve() } as unknown as Connection;
  };
  const watch = watchMachine({
    connect,
    sleep: async (ms, signal) => {
      pauses.push(ms);
      await clock.sleep(ms, signal);
    },
    monotonicMs: clock.monotonicMs,
    onSight: (sight) => sights.push(sight),
    signal: end.signal,
  });
  await expect(watch).rejects.toMatchObject({ code: 'interrupted' });
  return { sights: sights.map((sight) => (sight.kind === 'up' ? sight.bootId : `- ${sight.why.code}`)), pauses };
}

it('tells each change once: a lost connection is none, where the machine is in the same boot', async () => {
  const { sights } = await watched(['b1', 'b1', failing('unreachable'), failing('unreachable'), 'b2']);
  expect(sights).toEqual(['b1', '- unreachable', 'b2']);
});

it('asks a silent machine at least once a second, and no sshd so often that it counts against us', async () => {
  const silent = Array.from({ length: 6 }, () => failing('unreachable'));
  expect(Math.max(...(await watched(silent)).pauses)).toBe(1_000);
  expect(Math.min(...(await watched([failing('auth-failed'), failing('auth-failed')])).pauses)).toBe(10_000);
  expect((await watched([failing('reset-before-banner')])).pauses).toEqual([15_000]);
  expect((await watched([failing('host-key-changed')])).pauses).toEqual([10_000]);
});
