import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REQUEST_IDENTITIES, SIGN_REQUEST, startFakeAgent } from '../helpers/fake-agent.js';
import { newKeyPair } from '../helpers/key-files.js';
import { dial, failure, scratch, sshConfig, sshd } from './harness.js';

it('a handshake that is given up hangs up on an agent that does not sign', async () => {
  const giveUp = new AbortController();
  const key = newKeyPair();
  const socket = join(scratch(), 'agent');
  const agent = await startFakeAgent({ socket, keys: [key.public], onSign: () => giveUp.abort() });
  const server = await sshd({ users: { core: [key.public] } });
  const configFile = sshConfig(`IdentityAgent ${socket}`);
  expect(await failure(dial(server, { configFile, signal: giveUp.signal }))).toMatchObject({ code: 'aborted' });
  expect(agent.requests).toEqual([REQUEST_IDENTITIES, SIGN_REQUEST]);
  await agent.close();
});
