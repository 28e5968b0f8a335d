import { expect, it } from 'vitest';
import { gatherIdentities } from '../../src/ssh/identities.js';
import { generateKey, startAgent } from '../helpers/ssh-tools.js';
import { dial, scratch, sshConfig, sshd } from './harness.js';

/* With the ssh-agent of OpenSSH, and keys of ssh-keygen. */

it.each(['rsa', 'ed25519'] as const)('logs in by an %s key of the agent, passphrase and all', async (type) => {
  const key = generateKey(scratch(), 'id', { type, passphrase: 'geheim' });
  const agent = await startAgent();
  try {
    agent.add(key, 'geheim');
    const server = await sshd({ users: { core: [key.public] } });
    await dial(server, {
      configFile: sshConfig(`IdentityFile ${key.path}\nIdentitiesOnly yes\nIdentityAgent ${agent.socket}`),
    });
    expect(server.logins).toEqual(['core']);
  } finally {
    await agent.stop();
  }
});

it('takes all keys of the agent', async () => {
  const directory = scratch();
  const keys = (['ed25519', 'ecdsa', 'rsa'] as const).map((type) => generateKey(directory, type, { type }));
  const agent = await startAgent();
  try {
    for (const key of keys) agent.add(key);
    const { usable } = await gatherIdentities({ identityFiles: [], identitiesOnly: false, agentSocket: agent.socket });
    expect(usable.map(({ publicKey }) => publicKey.fingerprint)).toEqual(keys.map(({ fingerprint }) => fingerprint));
  } finally {
    await agent.stop();
  }
});
