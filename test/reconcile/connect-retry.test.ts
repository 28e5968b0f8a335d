import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { createConnectRetry, createPauses } from '../../src/reconcile/connect-retry.js';

const failure = (code: string) => new DisklessError({ code, message: code });

/** A clock that only sleeping moves, and machines that fail as their script says, until it is at its end. */
function retrying(scripts: Record<string, string[]>, waitMs: number) {
  let now = 1000;
  const attempts: string[] = [];
  const notes: string[] = [];
  const retry = createConnectRetry({
    waitMs,
    monotonicMs: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    connect: async (node) => {
      attempts.push(`${node} ${now - 1000}`);
      const code = scripts[node]?.shift();
      if (code === 'no-answer') await new Promise(() => {});
      if (code !== undefined) throw failure(code);
    },
    onWait: (node, { code }) => void notes.push(`${node} ${code}`),
  });
  return { retry, attempts, notes };
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

const UNFINISHED = ['no-banner', 'connection-lost', 'connection-closed', 'handshake-timeout', 'stalled', 'timeout'];

describe('pauses between attempts', () => {
  it('are short where TCP has no answer', () => {
    const pauseAfter = createPauses();
    expect(times(4, 'unreachable').map((code) => pauseAfter(failure(code)))).toEqual([500, 1000, 2000, 2000]);
    expect(pauseAfter(failure('name-not-resolved'))).toBe(2000);
  });

  it.each(UNFINISHED)('leave five seconds from one attempt to the next after %s', (code) => {
    const pauseAfter = createPauses();
    expect([0, 1000, 4900, 20_000].map((tookMs) => pauseAfter(failure(code), tookMs))).toEqual([5000, 4000, 500, 500]);
  });

  it('are as long as a penalty after a drop before the banner, however often', () => {
    const pauseAfter = createPauses();
    expect(times(3, 'reset-before-banner').map((code) => pauseAfter(failure(code)))).toEqual(times(3, 15_000));
  });

  it('keep what sshd counts against us below what it acts on, for as long as one waits', () => {
    // OpenSSH 9.8: 1 s for a connection without a login, 5 s for a refused one, nobody is turned away below 15 s.
    for (const code of [...UNFINISHED, 'reset-before-banner', 'auth-failed']) {
      const pauseAfter = createPauses();
      let penalty = 0;
      for (let attempt = 0; attempt < 100; attempt++) {
        penalty += code === 'auth-failed' ? 5000 : 1000;
        expect(penalty).toBeLessThan(15_000);
        penalty = Math.max(0, penalty - (pauseAfter(failure(code)) ?? 0));
      }
    }
  });

  it('end where waiting changes nothing', () => {
    const pauseAfter = createPauses();
    for (const code of ['host-key-refused', 'name-invalid', 'sudo-needs-password'])
      expect(pauseAfter(failure(code))).toBeUndefined();
    expect(pauseAfter(new Error('a bug'))).toBeUndefined();
  });
});

describe('retry of connections', () => {
  it('asks until the machine answers, and says once why it waits', async () => {
    const { retry, attempts, notes } = retrying(
      { s4: ['unreachable', 'unreachable', 'no-banner', 'no-banner'] },
      60_000,
    );
    await retry.connected('s4');
    expect(attempts).toEqual(['s4 0', 's4 500', 's4 1500', 's4 6500', 's4 11500']);
    expect(notes).toEqual(['s4 unreachable', 's4 no-banner']);
  });

  it('has a machine that comes up within two seconds of its first TCP answer', async () => {
    const { retry, attempts } = retrying({ s4: times(99, 'unreachable') }, 3_600_000);
    await expect(retry.connected('s4')).resolves.toBeUndefined();
    const asked = attempts.map((attempt) => Number(attempt.split(' ')[1]));
    expect(Math.max(...asked.slice(1).map((at, index) => at - (asked[index] ?? 0)))).toBeLessThanOrEqual(2000);
  });

  it('goes on asking one that refuses our keys until the time is over', async () => {
    const { retry, attempts, notes } = retrying({ s4: times(99, 'auth-failed') }, 600_000);
    await expect(retry.connected('s4')).rejects.toMatchObject({ code: 'auth-failed' });
    expect(attempts).toHaveLength(60);
    expect(notes).toEqual(['s4 auth-failed']);
  });

  it('makes no attempt before its time, not even a last one', async () => {
    const { retry, attempts } = retrying({ s4: times(99, 'reset-before-banner') }, 20_000);
    await expect(retry.connected('s4')).rejects.toMatchObject({ code: 'reset-before-banner' });
    expect(attempts).toEqual(['s4 0', 's4 15000']);
    expect(retry.hasTime).toBe(false);
  });

  it('gives the last error when the time is over, and asks no more', async () => {
    const { retry, attempts } = retrying({ s4: [...times(99, 'unreachable')] }, 4000);
    await expect(retry.connected('s4')).rejects.toMatchObject({ code: 'unreachable' });
    expect(attempts).toEqual(['s4 0', 's4 500', 's4 1500', 's4 3500']);
    expect(retry.hasTime).toBe(false);
    await expect(retry.connected('s4')).rejects.toMatchObject({ code: 'unreachable' });
    expect(attempts).toHaveLength(4);
  });

  it('asks once when there is no time, and says nothing of waiting', async () => {
    const { retry, attempts, notes } = retrying({ s4: ['unreachable'] }, 0);
    expect(retry.hasTime).toBe(false);
    await expect(retry.connected('s4')).rejects.toMatchObject({ code: 'unreachable' });
    expect({ attempts, notes }).toEqual({ attempts: ['s4 0'], notes: [] });
  });

  it('does not ask again what has failed for good', async () => {
    const { retry, attempts } = retrying({ s4: ['host-key-refused'] }, 60_000);
    for (let n = 0; n < 2; n++) await expect(retry.connected('s4')).rejects.toMatchObject({ code: 'host-key-refused' });
    expect(attempts).toEqual(['s4 0']);
  });

  it('asks once at a time, however many want to know', async () => {
    const { retry, attempts } = retrying({ s4: ['unreachable'] }, 60_000);
    await Promise.all([retry.connected('s4'), retry.connected('s4')]);
    expect(attempts).toEqual(['s4 0', 's4 500']);
  });

  it('has news when one answers, while another is still asked', async () => {
    const { retry } = retrying({ s4: ['no-answer'], s5: ['unreachable'] }, 3000);
    for (const node of ['s4', 's5']) void retry.connected(node);
    await retry.anyConnected(new Set(['s4', 's5']));
    expect(retry.hasTime).toBe(true);
  });

  it('has news when none of them will answer', async () => {
    const { retry } = retrying({ s4: times(99, 'unreachable'), s5: ['host-key-refused'] }, 3000);
    const attempts = ['s4', 's5'].map((node) => retry.connected(node));
    await retry.anyConnected(new Set(['s4', 's5']));
    expect(await Promise.allSettled(attempts)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
  });
});
