import { describe, expect, it } from 'vitest';
import { DisklessError, refusal } from '../../src/errors.js';
import { type Answer, type FakeConnection, fakeConnection, sessionOver, type Told } from './fake-session.js';

const LABEL = { label: 'look' };
const KEY = { type: 'ssh-ed25519', fingerprint: 'SHA256:abc' };
const OTHER_KEY = { type: 'ssh-ed25519', fingerprint: 'SHA256:other' };
const unreachable = (): DisklessError => new DisklessError({ code: 'unreachable', message: 's4 does not answer' });

/** A machine in this boot; anything but its boot_id is answered as scripted. */
function inBoot(bootId: string, answer: Answer = () => ({}), hostKey = KEY): FakeConnection {
  return fakeConnection(
    (told) => (told.command.includes('boot_id') ? { stdout: `${bootId}\n` } : answer(told)),
    hostKey,
  );
}

/** Goes down at the first command. */
function failing(bootId: string): FakeConnection {
  const link: FakeConnection = inBoot(bootId, () => {
    link.lose();
    return new Promise(() => {});
  });
  return link;
}

describe('a lost connection', () => {
  it('is replaced, and the command given again', async () => {
    const session = sessionOver('s4', [failing('one'), inBoot('one', () => ({ stdout: 'done' }))]);
    expect(await session.exec('true', LABEL)).toMatchObject({ stdout: 'done' });
  });

  it('is replaced twice, not for ever', async () => {
    const session = sessionOver('s4', [failing('one'), failing('one'), failing('one'), inBoot('one')]);
    await expect(session.exec('true', LABEL)).rejects.toMatchObject({ code: 'connection-lost' });
  });

  it('is no reason to repeat what failed by itself', async () => {
    const told: string[] = [];
    const session = sessionOver('s4', [
      inBoot('one', ({ command }) => {
        told.push(command);
        return Promise.reject(new DisklessError({ code: 'timeout', message: 'it took too long' }));
      }),
    ]);
    await expect(session.exec('true', LABEL)).rejects.toMatchObject({ code: 'timeout' });
    expect(told).toEqual(['true']);
  });

  it('is replaced once for all who used it, and told once', async () => {
    const losses: string[] = [];
    const links = [failing('one'), inBoot('one')];
    const session = sessionOver('s4', links, undefined, ({ code }) => losses.push(code));
    const both = [session.exec('a', LABEL), session.exec('b', LABEL)];
    expect(await Promise.all(both)).toHaveLength(2);
    expect(losses).toEqual(['connection-lost']);
  });

  it('is not replaced after Ctrl-C', async () => {
    const stop = new AbortController();
    const session = sessionOver('s4', [failing('one'), inBoot('one')], stop.signal);
    await session.connection();
    stop.abort();
    await expect(session.exec('true', LABEL)).rejects.toMatchObject({ code: 'connection-lost' });
  });
});

describe('the epoch', () => {
  it('once pinned, another boot is an error, until facts are read again', async () => {
    const link = inBoot('one');
    const session = sessionOver('s4', [link, inBoot('two'), inBoot('two')]);
    await session.connection();
    session.pinEpoch({ bootId: 'one', hostKey: KEY });
    link.lose();
    await link.connection.closed;
    await expect(session.exec('true', LABEL)).rejects.toMatchObject({ code: 'rebooted', host: 's4' });
    session.unpinEpoch();
    expect(await session.exec('true', LABEL)).toMatchObject({ exitCode: 0 });
  });

  it('is proven by the host key, not by a boot_id that anybody may know', async () => {
    const link = inBoot('one');
    const session = sessionOver('s4', [link, inBoot('one', () => ({}), OTHER_KEY)]);
    await session.connection();
    session.pinEpoch({ bootId: 'one', hostKey: KEY });
    link.lose();
    await link.connection.closed;
    await expect(session.exec('true', LABEL)).rejects.toMatchObject({ code: 'host-key-changed', exit: 5 });
    expect(session.hostKey).toEqual(KEY);
  });
});

describe('the look at the boot after a reconnect', () => {
  /** A session whose first connection is lost; the boot of the second is asked of `next`. */
  async function reconnecting(next: FakeConnection, signal?: AbortSignal) {
    const link = inBoot('one');
    const session = sessionOver('s4', [link, next], signal);
    await session.connection();
    session.pinEpoch({ bootId: 'one' });
    link.lose();
    await link.connection.closed;
    return session;
  }

  it('ends the connection when it fails', async () => {
    const stalled = new DisklessError({ code: 'timeout', message: 'not finished' });
    const next = fakeConnection(() => Promise.reject(stalled));
    const session = await reconnecting(next);
    await expect(session.connection()).rejects.toBe(stalled);
    expect(await next.connection.closed).toBeUndefined();
  });

  it('has a limit, and ends with the run', async () => {
    const { signal } = new AbortController();
    const told: Told[] = [];
    const next = fakeConnection((asked) => {
      told.push(asked);
      return { stdout: 'one' };
    });
    await (await reconnecting(next, signal)).connection();
    expect(told).toMatchObject([{ timeoutMs: expect.any(Number), signal }]);
  });

  it('takes no answer for no other boot', async () => {
    const session = await reconnecting(inBoot(''));
    await expect(session.connection()).rejects.toMatchObject({ code: 'boot-id-unread' });
  });
});

describe('watchEpoch', () => {
  /** A run that sleeps no time, but tells how long it would have. */
  function watching(openings: (FakeConnection | Error)[]) {
    const session = sessionOver('s4', openings);
    const slept: number[] = [];
    const stop = new AbortController();
    const sleep = async (ms: number): Promise<void> => {
      stop.signal.throwIfAborted();
      slept.push(ms);
    };
    return { session, slept, stop, watch: () => session.watchEpoch({ signal: stop.signal, sleep }) };
  }

  it('finds the next boot of a machine that went away, once it answers again', async () => {
    const link = inBoot('one');
    const { session, slept, watch } = watching([link, unreachable(), unreachable(), inBoot('two')]);
    await session.connection();
    session.pinEpoch({ bootId: 'one', hostKey: KEY });
    const watched = watch();
    link.lose();
    await expect(watched).rejects.toMatchObject({ code: 'rebooted' });
    expect(slept).toEqual([500, 1000, 2000]);
  });

  it('goes on after a mere loss of the link, and ends with its signal', async () => {
    const [link, next] = [inBoot('one'), inBoot('one')];
    const { session, slept, stop, watch } = watching([link, next]);
    await session.connection();
    session.pinEpoch({ bootId: 'one', hostKey: KEY });
    const watched = watch();
    link.lose();
    await expect.poll(() => slept).toEqual([500]);
    stop.abort();
    next.lose();
    await expect(watched).rejects.toThrow('aborted');
  });

  it('ends when somebody else answers', async () => {
    const { watch } = watching([refusal({ code: 'host-key-refused', message: 'not the pinned key' })]);
    await expect(watch()).rejects.toMatchObject({ code: 'host-key-refused' });
  });
});
