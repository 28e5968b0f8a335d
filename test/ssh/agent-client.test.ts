import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newUserKey } from '../helpers/fake-sshd.js';
import { dial, failure, scratch, sshConfig, sshd } from './harness.js';

/** Message types of draft-ietf-sshm-ssh-agent. */
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;

const KEY = newUserKey();

const withLength = (data: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
};

/** The one key, without a comment. */
function identitiesAnswer(): Buffer {
  const blob = Buffer.from(KEY.public.split(' ')[1] ?? '', 'base64');
  const one = Buffer.from([0, 0, 0, 1]);
  return withLength(
    Buffer.concat([Buffer.from([IDENTITIES_ANSWER]), one, withLength(blob), withLength(Buffer.alloc(0))]),
  );
}

it('a handshake that is given up hangs up on an agent that does not sign', async () => {
  const giveUp = new AbortController();
  const requests: (number | undefined)[] = [];
  const socket = join(scratch(), 'agent');
  const agent = createServer((connection) => {
    connection.on('data', (request) => {
      const type = request[4];
      requests.push(type);
      if (type === REQUEST_IDENTITIES) connection.write(identitiesAnswer());
      if (type === SIGN_REQUEST) giveUp.abort();
    });
  }).listen(socket);
  await once(agent, 'listening');
  const server = await sshd({ users: { core: [KEY.public] } });
  const configFile = sshConfig(`IdentityAgent ${socket}`);
  expect(await failure(dial(server, { configFile, signal: giveUp.signal }))).toMatchObject({ code: 'aborted' });
  expect(requests).toEqual([REQUEST_IDENTITIES, SIGN_REQUEST]);
  agent.close();
  // Once every connection is closed.
  await once(agent, 'close');
});
