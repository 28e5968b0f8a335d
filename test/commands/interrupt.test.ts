import { afterEach, expect, it, vi } from 'vitest';
import { interruptible } from '../../src/commands/interrupt.js';

afterEach(() => vi.restoreAllMocks());

/** A command that does not stop until it is told to, and the exit codes with which the process would have ended. */
function stubborn() {
  const exits: unknown[] = [];
  vi.spyOn(process, 'exit').mockImplementation((code) => exits.push(code) as never);
  const clock = { ms: 5_000 };
  let end = (): void => {};
  let given: AbortSignal | undefined;
  const command = (signal: AbortSignal): Promise<void> => {
    given = signal;
    return new Promise((resolve) => {
      end = resolve;
    });
  };
  const running = interruptible(command, { now: () => clock.ms });
  const send = (signal: 'SIGINT' | 'SIGTERM', afterMs: number): void => {
    clock.ms += afterMs;
    process.emit(signal);
  };
  const finish = (): Promise<void> => {
    end();
    return running;
  };
  return { exits, send, finish, isStopped: () => given?.aborted };
}

it('one Ctrl-C that comes several times asks the command to stop, once', async () => {
  const { exits, send, finish, isStopped } = stubborn();
  expect(isStopped()).toBe(false);
  send('SIGINT', 0);
  send('SIGINT', 0);
  send('SIGTERM', 299);
  expect({ stopped: isStopped(), exits }).toEqual({ stopped: true, exits: [] });
  await finish();
});

it('a second Ctrl-C no longer waits', async () => {
  const { exits, send, finish } = stubborn();
  send('SIGINT', 0);
  send('SIGINT', 100);
  send('SIGINT', 200);
  expect(exits).toEqual([130]);
  await finish();
});
