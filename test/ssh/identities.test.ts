import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatherOptions, gatherIdentities } from '../../src/ssh/identities.js';
import { type FakeAgent, startFakeAgent } from '../helpers/fake-agent.js';
import { writeKeyFile } from '../helpers/key-files.js';

const directory = mkdtempSync(join(tmpdir(), 'identities-'));
const first = writeKeyFile(directory, 'first');
const second = writeKeyFile(directory, 'second', { type: 'ecdsa' });
const secret = writeKeyFile(directory, 'secret', { passphrase: 'geheim' });
const onFile = writeKeyFile(directory, 'on-file', { type: 'rsa' });
const agentSocket = join(directory, 'agent');
let agent: FakeAgent;

beforeAll(async () => {
  agent = await startFakeAgent({ socket: agentSocket, keys: [first, second, secret].map((key) => key.public) });
});

afterAll(async () => {
  await agent.close();
  rmSync(directory, { recursive: true });
});

async function gather(options: Partial<GatherOptions>) {
  const { usable, unusable } = await gatherIdentities({ identityFiles: [], identitiesOnly: false, ...options });
  const offered = usable.map(({ source, publicKey }) => `${source.kind} ${publicKey.fingerprint}`);
  return { offered, unusable };
}

describe('gatherIdentities', () => {
  it('takes key files and passes over those that do not exist', async () => {
    const { offered, unusable } = await gather({ identityFiles: ['/nonexistent/id_rsa', onFile.path, first.path] });
    expect(offered).toEqual([`file ${onFile.fingerprint}`, `file ${first.fingerprint}`]);
    expect(unusable).toEqual([]);
  });

  it('takes all keys of the agent', async () => {
    const { offered } = await gather({ agentSocket });
    expect(offered).toEqual([first, second, secret].map((key) => `agent ${key.fingerprint}`));
  });

  it('offers in the order of OpenSSH: named keys of the agent, its others, key files', async () => {
    const identityFiles = [onFile.path, second.path];
    const { offered } = await gather({ identityFiles, agentSocket });
    expect(offered).toEqual([
      `agent ${second.fingerprint}`,
      `agent ${first.fingerprint}`,
      `agent ${secret.fingerprint}`,
      `file ${onFile.fingerprint}`,
    ]);
  });

  it('keeps to the identity files with IdentitiesOnly', async () => {
    const identityFiles = [onFile.path, second.path];
    const { offered } = await gather({ identityFiles, identitiesOnly: true, agentSocket });
    expect(offered).toEqual([`agent ${second.fingerprint}`, `file ${onFile.fingerprint}`]);
  });

  it('finds a key with a passphrase in the agent', async () => {
    const { offered, unusable } = await gather({
      identityFiles: [secret.path],
      identitiesOnly: true,
      agentSocket,
    });
    expect(offered).toEqual([`agent ${secret.fingerprint}`]);
    expect(unusable).toEqual([]);
  });

  it('says how to use a key with a passphrase that no agent holds', async () => {
    const { offered, unusable } = await gather({ identityFiles: [secret.path] });
    expect(offered).toEqual([]);
    expect(unusable).toEqual([
      { label: `${secret.path} (${secret.fingerprint})`, reason: expect.stringContaining(`ssh-add ${secret.path}`) },
    ]);
  });

  it('recognises the agent’s key by a public half alone', async () => {
    const publicOnly = join(directory, 'public-only');
    writeFileSync(`${publicOnly}.pub`, first.public);
    const byName = await gather({ identityFiles: [publicOnly], identitiesOnly: true, agentSocket });
    expect(byName.offered).toEqual([`agent ${first.fingerprint}`]);
    const asFile = await gather({
      identityFiles: [`${publicOnly}.pub`],
      identitiesOnly: true,
      agentSocket,
    });
    expect(asFile.offered).toEqual([`agent ${first.fingerprint}`]);
  });

  it('takes the public half from beside an encrypted PEM file', async () => {
    const pem = writeKeyFile(directory, 'pem', { type: 'rsa' });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const locked = { cipher: 'aes-128-cbc', passphrase: 'geheim' };
    writeFileSync(pem.path, privateKey.export({ type: 'pkcs1', format: 'pem', ...locked }));
    const { unusable } = await gather({ identityFiles: [pem.path] });
    expect(unusable[0]?.label).toBe(`${pem.path} (${pem.fingerprint})`);
    renameSync(`${pem.path}.pub`, `${pem.path}.gone`);
    expect((await gather({ identityFiles: [pem.path] })).unusable[0]?.label).toBe(pem.path);
  });

  it('goes on without an agent that does not answer, and says so', async () => {
    const { offered, unusable } = await gather({ identityFiles: [first.path], agentSocket: '/nonexistent/agent' });
    expect(offered).toEqual([`file ${first.fingerprint}`]);
    expect(unusable).toEqual([
      { label: 'agent /nonexistent/agent', reason: expect.stringContaining('does not answer') },
    ]);
  });

  it('does not wait for ever for an agent that hangs, and hangs up', async () => {
    const socket = join(directory, 'hangs');
    const server = createServer((connection) => connection.resume()).listen(socket);
    await once(server, 'listening');
    const { unusable } = await gather({ agentSocket: socket, agentTimeoutMs: 100 });
    expect(unusable).toEqual([{ label: `agent ${socket}`, reason: expect.stringContaining('no answer in time') }]);
    const pending = gather({ agentSocket: socket, signal: AbortSignal.abort() });
    await expect(pending).rejects.toMatchObject({ code: 'aborted' });
    server.close();
    // Once every connection is closed.
    await once(server, 'close');
  });

  it('reports files that are no keys, and directories', async () => {
    const rubbish = join(directory, 'rubbish');
    writeFileSync(rubbish, 'rubbish');
    const { unusable } = await gather({ identityFiles: [rubbish, directory] });
    expect(unusable.map(({ label }) => label)).toEqual([rubbish, directory]);
  });
});
