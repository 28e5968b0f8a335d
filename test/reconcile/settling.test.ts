import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import type { Run } from '../../src/reconcile/context.js';
import { settling } from '../../src/reconcile/settling.js';
import { virtualClock } from '../helpers/virtual-clock.js';

function runWith() {
  const clock = virtualClock();
  const context = {
    signal: new AbortController().signal,
    options: { clock, readyTimeoutMs: 20_000 },
  } as unknown as Run;
  return { context, waitedMs: clock.waitedMs };
}

const failure = (code: string): DisklessError => new DisklessError({ code, message: code });

describe('settling', () => {
  it.each([
    ...['etcd-timeout', 'etcd-no-leader', 'etcd-connection-lost', 'etcd-unreachable', 'etcd-unavailable'],
    ...['etcd-no-answer', 'kube-unreachable', 'kube-busy', 'kube-unavailable'],
  ])('waits for what passes: %s', async (code) => {
    let attempts = 0;
    const { context } = runWith();
    const work = async (): Promise<number> => {
      attempts += 1;
      if (attempts < 4) throw failure(code);
      return attempts;
    };
    expect(await settling(context, work)).toBe(4);
  });

  it('gives up what does not pass after all', async () => {
    const { context, waitedMs } = runWith();
    const work = (): Promise<void> => Promise.reject(failure('etcd-no-leader'));
    await expect(settling(context, work)).rejects.toMatchObject({ code: 'etcd-no-leader' });
    expect(waitedMs()).toBeGreaterThanOrEqual(20_000);
  });

  it.each(['etcd-certificate', 'etcd-forbidden', 'etcd-not-found', 'kube-forbidden', 'remote-failed'])(
    'does not repeat what never passes: %s',
    async (code) => {
      const { context, waitedMs } = runWith();
      await expect(settling(context, () => Promise.reject(failure(code)))).rejects.toMatchObject({ code });
      expect(waitedMs()).toBe(0);
    },
  );

  it('does not repeat what is no error of a server at all', async () => {
    const { context, waitedMs } = runWith();
    await expect(settling(context, () => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
    expect(waitedMs()).toBe(0);
  });
});
