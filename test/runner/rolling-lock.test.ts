import { expect, it } from 'vitest';
import { createRollingLock } from '../../src/runner/rolling-lock.js';

const brokenError = () => new Error('another one failed');

it.each([1, 2])('so many at a time: %i', async (width) => {
  const lock = createRollingLock({ width, brokenError });
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
  };
  await Promise.all([1, 2, 3, 4].map(() => lock.run(work)));
  expect(most).toBe(width);
});

it('after a failure nothing more begins', async () => {
  const lock = createRollingLock({ brokenError });
  const begun: number[] = [];
  const results = await Promise.allSettled(
    [1, 2, 3].map((each) =>
      lock.run(async () => {
        begun.push(each);
        if (each === 2) throw new Error('it did not come back');
      }),
    ),
  );
  expect(begun).toEqual([1, 2]);
  expect(results.map((result) => (result.status === 'rejected' ? result.reason.message : 'done'))).toEqual([
    'done',
    'it did not come back',
    'another one failed',
  ]);
});
