import { expect, it } from 'vitest';
import { heldKeys } from '../../src/app/held-keys.js';
import { establishedPki, ONE_CONTROL_PLANE } from '../pki/fixture.js';

it('says what a machine that leaves could be misused for, and how long', async () => {
  const directory = await establishedPki();
  const [first] = ONE_CONTROL_PLANE;
  const of = (role: 'control-plane' | 'worker') => heldKeys(directory, first?.name ?? '', role);
  const { shared, until } = await of('control-plane');
  expect(shared).toEqual(['the kubernetes CA', 'the service-account key', 'the encryption keys', 'all Secrets']);
  expect(until?.getTime()).toBeGreaterThan(Date.now());
  expect((await of('worker')).shared).toEqual([]);
  expect((await heldKeys(directory, 'nobody', 'worker')).until).toBeUndefined();
});
