import { expect, test } from 'vitest';
import { identify, livenessOf } from '../../src/state/process-identity.js';
import { startSleeper } from './sleeper.js';

test('where there is no /proc, ps tells one process from another', async () => {
  const proc = '/nonexistent';
  const sleeper = await startSleeper();
  const identity = await identify(sleeper.pid, proc);
  expect(identity.start).not.toBe('');
  expect(await livenessOf(identity, proc)).toBe('alive');
  expect(await livenessOf({ ...identity, start: 'another time' }, proc)).toBe('dead');
  await sleeper.end();
  expect(await livenessOf(identity, proc)).toBe('dead');
});
