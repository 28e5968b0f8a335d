import { expect, it } from 'vitest';
import { mtuOf } from '../../../../src/bench/measure/network/mtu.js';
import { localShell } from '../../../helpers/local-shell.js';

it('reads what ip prints here', async () => {
  expect(await mtuOf(localShell(), new AbortController().signal)).toBe(65_536);
});
