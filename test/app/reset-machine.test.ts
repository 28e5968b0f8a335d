import { join } from 'node:path';
import { expect, it } from 'vitest';
import { resetMachine } from '../../src/app/reset-machine.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { rejection, temporaryDirectory } from '../artifacts/fixtures.js';

/* No machine is asked before a person's word is whole. */

const reset = (host: string, yes?: string) => {
  const state = stateDirAt(join(temporaryDirectory(), 'state'));
  return resetMachine({ state, host, yes, ssh: {}, tell: () => {}, signal: new AbortController().signal });
};

it.each([
  ['s9', undefined],
  ['s9', 's8'],
  ['s9=core@192.0.2.9', '192.0.2.9'],
])('%s is not reset with --yes %s', async (host, yes) => {
  expect(await rejection(reset(host, yes))).toMatchObject({
    code: 'reset-not-confirmed',
    exit: 2,
    hint: `k8s-diskless reset ${host} --yes s9`,
  });
});

it('one at a time', async () => {
  expect(await rejection(reset('s[8-9]', 's8'))).toMatchObject({ code: 'reset-one-host', exit: 2 });
});
