import { expect, it } from 'vitest';
import { createBell } from '../../src/serve/bell.js';

const { signal } = new AbortController();

it('is heard once for all that it was rung, also before anybody listened', async () => {
  const bell = createBell(() => 0);
  bell.ring();
  bell.ring();
  await bell.heard(signal);
  let heard = false;
  const next = bell.heard(signal).then(() => {
    heard = true;
  });
  await Promise.resolve();
  expect(heard).toBe(false);
  bell.ring();
  await next;
});

it('wakes all who wait', async () => {
  const bell = createBell(() => 0);
  const both = Promise.all([bell.heard(signal), bell.heard(signal)]);
  bell.ring();
  await both;
});

it('is heard when time is up, and not after the end', async () => {
  await createBell(() => 10).heard(signal, 5);
  await expect(createBell(() => 0).heard(AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
});
