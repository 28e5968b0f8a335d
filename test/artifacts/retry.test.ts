import { describe, expect, it } from 'vitest';
import { HttpStatusError } from '../../src/artifacts/http-get.js';
import { isTransient, retryTransient } from '../../src/artifacts/retry.js';
import { testSettings } from './http-fixtures.js';

const withCode = (code: string) => Object.assign(new Error(code), { code });
const withStatus = (status: number) => new HttpStatusError(status, new URL('http://mirror.lan/file'));

describe('isTransient', () => {
  it.each([
    ['a reset connection', withCode('ECONNRESET'), true],
    ['a stall', withCode('ETIMEDOUT'), true],
    ['a DNS server that is busy', withCode('EAI_AGAIN'), true],
    ['an unknown name', withCode('ENOTFOUND'), false],
    ['a wrong certificate', withCode('CERT_HAS_EXPIRED'), false],
    ['a full disk', withCode('ENOSPC'), false],
    ['429', withStatus(429), true],
    ['503', withStatus(503), true],
    ['404', withStatus(404), false],
    [
      'all addresses of a name unreachable',
      new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]),
      true,
    ],
    ['a bug', new TypeError('x is not a function'), false],
    ['no error at all', undefined, false],
  ])('of %s', (_, error, expected) => {
    expect(isTransient(error)).toBe(expected);
  });
});

describe('retryTransient', () => {
  it('doubles the wait up to eight seconds, with jitter', async () => {
    const settings = testSettings({ attempts: 8, random: () => 0.5 });
    await expect(retryTransient(() => Promise.reject(withCode('ECONNRESET')), settings)).rejects.toThrow('ECONNRESET');
    expect(settings.waits).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000]);
  });

  it('does not begin when the signal is aborted already', async () => {
    let attempts = 0;
    const attempt = async () => void attempts++;
    await expect(retryTransient(attempt, { ...testSettings(), signal: AbortSignal.abort('no') })).rejects.toBe('no');
    expect(attempts).toBe(0);
  });
});
