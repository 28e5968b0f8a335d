import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import type { Pass } from '../../src/reconcile/context.js';
import { createLinkWatch, type Separation } from '../../src/reconcile/link-watch.js';
import { unlessCutOff } from '../../src/reconcile/unless-cut-off.js';
import type { FailedGiving, Outcome, StepPlace } from '../../src/runner/sequence.js';

const AWAY: Separation = { what: 'it reaches no other etcd member' };

/** Looks with these results, one after the other, then no more; time passes as it is slept. */
function watching(...looks: (Separation | undefined | Error)[]) {
  const slept: number[] = [];
  let looked = 0;
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (looked >= looks.length) await new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
    await Promise.resolve();
    signal.throwIfAborted();
    slept.push(ms);
  };
  const links = createLinkWatch({
    sleep,
    async observe() {
      const seen = looks[looked++];
      if (seen instanceof Error) throw seen;
      return seen;
    },
  });
  return { links, slept, sleep, looks: () => looked };
}

const asking = (signal = new AbortController().signal) => {
  const suspicions: string[] = [];
  return { signal, suspicions, onSuspicion: (what: string) => void suspicions.push(what) };
};

describe('a node that does not reach the others', () => {
  it('is cut off once three looks in a row say so; the first who asks hears why, the others that it is', async () => {
    const { links, slept } = watching(AWAY, AWAY, AWAY);
    const [first, second] = [asking(), asking()];
    const [one, other] = await Promise.all([links.cutOff('s6', first), links.cutOff('s6', second)]);
    expect([one.error(), other.error()]).toMatchObject([
      { code: 'cut-off', host: 's6', message: expect.stringContaining(AWAY.what) },
      { code: 'dependency-failed', host: 's6' },
    ]);
    expect(first.suspicions).toEqual([AWAY.what, AWAY.what, AWAY.what]);
    // The looks themselves take two seconds each.
    expect(slept.reduce((sum, ms) => sum + ms + 2_000, 0)).toBeLessThanOrEqual(15_000);
    expect((await links.cutOff('s6', asking())).error()).toMatchObject({ code: 'dependency-failed' });
    expect(links.found('s6')).toBe(one);
  });

  it('is not, when any look finds it connected or cannot tell: then nobody is suspected', async () => {
    const { links, looks } = watching(AWAY, AWAY, undefined, AWAY, AWAY, new Error('its connection was lost'));
    const { signal, suspicions, onSuspicion } = asking();
    const end = links.cutOff('s6', { signal, onSuspicion });
    await expect.poll(looks).toBe(6);
    await expect.poll(() => suspicions).toEqual([AWAY.what, AWAY.what, '', AWAY.what, AWAY.what, '']);
    expect(await Promise.race([end, Promise.resolve('still waiting')])).toBe('still waiting');
  });

  it('is looked after only while somebody waits', async () => {
    const { links, looks } = watching(AWAY);
    const stop = new AbortController();
    links.cutOff('s6', asking(stop.signal));
    await expect.poll(looks).toBe(1);
    stop.abort();
    const { links: others, looks: asked } = watching(AWAY, AWAY, AWAY);
    const aborted = AbortSignal.abort();
    others.cutOff('s6', asking(aborted));
    await new Promise(setImmediate);
    expect(asked()).toBe(0);
  });
});

describe('a step that waits', () => {
  const { signal } = new AbortController();
  const place = { node: 's6', step: 'api-ready', signal, failed: new Set() } as StepPlace;
  const contextWith = ({ links, sleep }: Pick<ReturnType<typeof watching>, 'links' | 'sleep'>) =>
    ({ links, signal, options: { clock: { sleep } } }) as unknown as Pass;

  it('ends with the reason as soon as its node is cut off, after it has taken back what it began', async () => {
    const log: string[] = [];
    const step = unlessCutOff(async (context: Pass, own) => {
      await new Promise((resolve) => own.signal.addEventListener('abort', resolve));
      log.push(context.signal === own.signal ? 'aborted' : 'not told');
      await new Promise(setImmediate);
      log.push('taken back');
      throw new DisklessError({ code: 'etcd-timeout', message: 'the learner did not catch up' });
    });
    const hanging = watching(AWAY, AWAY, AWAY);
    await expect(step(contextWith(hanging), place)).rejects.toMatchObject({ code: 'cut-off', host: 's6' });
    expect(log).toEqual(['aborted', 'taken back']);
  });

  it('ends though the work does not', async () => {
    const step = unlessCutOff((): Promise<Outcome> => new Promise(() => {}));
    const { links } = watching(AWAY, AWAY, AWAY);
    await expect(step(contextWith({ links, sleep: async () => {} }), place)).rejects.toMatchObject({ code: 'cut-off' });
  });

  it('that fails by itself while it is to end has that reason, and still gives what it found', async () => {
    const step = unlessCutOff(async (_context: Pass, own): Promise<FailedGiving<string>> => {
      await new Promise((resolve) => own.signal.addEventListener('abort', resolve));
      const error = new DisklessError({ code: 'network-broken', message: 'no traffic comes through' });
      return { outcome: 'failed', error, gives: 'what it found' };
    });
    const result = await step(contextWith(watching(AWAY, AWAY, AWAY)), place);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'cut-off' }, gives: 'what it found' });
  });

  it('that succeeds while it is to end takes the reason from nobody else', async () => {
    const { links, sleep, looks } = watching(AWAY, AWAY, AWAY);
    const context = contextWith({ links, sleep });
    const aborted = (own: StepPlace) => new Promise((resolve) => own.signal.addEventListener('abort', resolve));
    const heals = unlessCutOff(async (_context: Pass, own): Promise<Outcome> => {
      await aborted(own);
      return 'changed';
    });
    const hangs = unlessCutOff(async (_context: Pass, own): Promise<Outcome> => {
      await aborted(own);
      throw own.signal.reason;
    });
    const [first, second] = await Promise.allSettled([heals(context, place), hangs(context, place)]);
    expect(first).toEqual({ status: 'fulfilled', value: 'changed' });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'cut-off', host: 's6' } });
    // What follows on that node is not skipped without a look: of those scripted, none is left.
    expect(looks()).toBe(3);
    expect(await unlessCutOff(async () => 'unchanged' as const)(context, place)).toBe('unchanged');
  });

  it('is not begun on a node that is known to be cut off', async () => {
    const { links, sleep } = watching(AWAY, AWAY, AWAY);
    const context = contextWith({ links, sleep });
    const fails = unlessCutOff((_context: Pass, own): Promise<Outcome> => {
      return new Promise((_resolve, reject) => own.signal.addEventListener('abort', reject));
    });
    await expect(fails(context, place)).rejects.toMatchObject({ code: 'cut-off' });
    const begun: string[] = [];
    const next = unlessCutOff(async (): Promise<Outcome> => {
      begun.push('next');
      return 'changed';
    });
    await expect(next(context, place)).rejects.toMatchObject({ code: 'dependency-failed', host: 's6' });
    expect(begun).toEqual([]);
  });

  it('is what it is otherwise, and the looking ends with it', async () => {
    const { links, sleep, looks } = watching(undefined);
    const context = contextWith({ links, sleep });
    expect(await unlessCutOff(async () => 'changed' as const)(context, place)).toBe('changed');
    const failing = unlessCutOff((): Promise<Outcome> => Promise.reject(new Error('no')));
    await expect(failing(context, place)).rejects.toThrow('no');
    await new Promise(setImmediate);
    expect(looks()).toBeLessThanOrEqual(1);
  });
});
