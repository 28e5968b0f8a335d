import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createConnectLimits } from '../../src/ssh/connect.js';
import { newHostKey } from '../helpers/fake-sshd.js';
import { freePort } from '../helpers/free-port.js';
import { newKeyPair, writeKeyFile } from '../helpers/key-files.js';
import { dial, failure, fingerprintOf, scratch, sshConfig, sshd } from './harness.js';

/** A listener that never accepts and whose queue is full: Linux drops further SYNs, as if the machine were off. */
async function silentHost(): Promise<{ port: number; close(): Promise<void> }> {
  const lock = new SharedArrayBuffer(4);
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(workerData), 0, 0);
      process.exit();
    });`;
  const worker = new Worker(script, { eval: true, workerData: lock });
  const [port] = (await once(worker, 'message')) as [number];
  const fillers = [1, 2].map(() => createConnection({ port, host: '127.0.0.1' }).on('error', () => {}));
  await Promise.all(fillers.map((filler) => once(filler, 'connect')));
  return {
    port,
    async close() {
      for (const filler of fillers) filler.destroy();
      Atomics.store(new Int32Array(lock), 0, 1);
      Atomics.notify(new Int32Array(lock), 0);
      await once(worker, 'exit');
    },
  };
}

describe('connect', () => {
  it('authenticates by key and tells the host key', async () => {
    const server = await sshd();
    const connection = await dial(server);
    expect(connection).toMatchObject({
      host: 's4',
      user: 'core',
      hostKey: { type: 'ssh-ed25519', fingerprint: fingerprintOf(server.hostKeyLines[0]) },
    });
    expect(server.logins).toEqual(['core']);
  });

  it.each(['rsa', 'ecdsa', 'ed25519'] as const)('logs in by an %s key file', async (type) => {
    const key = writeKeyFile(scratch(), 'id', { type });
    const server = await sshd({ users: { core: [key.public] } });
    await dial(server, { configFile: sshConfig(`IdentityFile ${key.path}`) });
    expect(server.logins).toEqual(['core']);
    expect(server.keysOffered[0]).toBe(
      { rsa: 'core ssh-rsa sha256', ecdsa: 'core ecdsa-sha2-nistp256', ed25519: 'core ssh-ed25519' }[type],
    );
  });

  it('lists every key it tried when none is right', async () => {
    const directory = scratch();
    const right = newKeyPair();
    const secret = writeKeyFile(directory, 'secret', { passphrase: 'geheim' });
    const wrong = writeKeyFile(directory, 'wrong', { type: 'rsa' });
    const server = await sshd({ users: { core: [right.public] } });
    const error = await failure(
      dial(server, { configFile: sshConfig(`IdentityFile ${wrong.path}\nIdentityFile ${secret.path}`) }),
    );
    expect(error).toMatchObject({ code: 'auth-failed', host: 's4', exit: 4 });
    expect(error.message).toContain('user core');
    expect(error.detail).toContain(`tried ${wrong.path}: ssh-rsa ${wrong.fingerprint}`);
    expect(error.detail).toContain(`not tried ${secret.path}`);
    expect(error.detail).toContain(`ssh-add ${secret.path}`);
    expect(error.hint).toMatch(/Ignition.*ssh-copy-id/);
    expect(server.logins).toEqual([]);
  });

  it('offers the one key that it is told to, and none beside it', async () => {
    const own = newKeyPair();
    const identity = join(scratch(), 'own');
    writeFileSync(identity, own.private, { mode: 0o600 });
    const knowsBoth = await sshd({ users: { core: [own.public] } });
    await expect(dial(knowsBoth, { identity })).resolves.toMatchObject({ host: 's4' });
    // The key of the SSH config would do.
    expect((await failure(dial(await sshd(), { identity }))).code).toBe('auth-failed');
  });

  it('says so when there is no key at all', async () => {
    const server = await sshd();
    const config = join(scratch(), 'config');
    writeFileSync(config, 'IdentityFile none\nIdentityAgent none\n');
    const error = await failure(dial(server, { configFile: config }));
    expect(error).toMatchObject({ code: 'auth-failed', detail: expect.stringContaining('no key at hand') });
  });

  it('says so when the server hangs up after too many keys', async () => {
    const directory = scratch();
    const keys = [1, 2, 3].map((number) => writeKeyFile(directory, `key-${number}`));
    const server = await sshd({ faults: { maxAuthTries: 2 } });
    const lines = keys.map((key) => `IdentityFile ${key.path}`).join('\n');
    const error = await failure(dial(server, { configFile: sshConfig(lines) }));
    expect(error).toMatchObject({ code: 'auth-failed' });
    expect(error.detail).toContain(keys[1]?.fingerprint);
  });

  it('says so when a second factor is asked for', async () => {
    const server = await sshd({ faults: { secondFactor: true } });
    const error = await failure(dial(server));
    expect(error).toMatchObject({ code: 'auth-failed', message: expect.stringContaining('second factor') });
  });
});

describe('host keys', () => {
  it('accepts a known key under strict, asking for its type', async () => {
    const hostKeys = [newHostKey(), newHostKey('rsa')];
    const server = await sshd({ hostKeys });
    const knownHosts = join(scratch(), 'known_hosts');
    writeFileSync(knownHosts, `[${server.host}]:${server.port} ${server.hostKeyLines[1]}\n`);
    const connection = await dial(server, {
      policy: 'strict',
      configFile: sshConfig(`UserKnownHostsFile ${knownHosts}`),
    });
    expect(connection.hostKey).toEqual({ type: 'ssh-rsa', fingerprint: fingerprintOf(server.hostKeyLines[1]) });
  });

  it('refuses an unknown key under strict before any key of ours is shown', async () => {
    const server = await sshd();
    const error = await failure(dial(server, { policy: 'strict' }));
    expect(error).toMatchObject({ code: 'host-key-refused', exit: 5, host: 's4' });
    expect(server.keysOffered).toEqual([]);
  });

  it('refuses what is not pinned, and accepts what is', async () => {
    const server = await sshd();
    const pin = fingerprintOf(server.hostKeyLines[0]);
    expect(await failure(dial(server, { policy: 'insecure', pins: ['SHA256:other'] }))).toMatchObject({
      code: 'host-key-refused',
    });
    await dial(server, { policy: 'strict', pins: [pin] });
  });

  it('asks first for the type that state remembers', async () => {
    const server = await sshd({ hostKeys: [newHostKey(), newHostKey('ecdsa')] });
    const recorded = { type: 'ecdsa-sha2-nistp256', fingerprint: 'SHA256:old' };
    expect((await dial(server, { recorded })).hostKey.type).toBe('ecdsa-sha2-nistp256');
    expect((await dial(server)).hostKey.type).toBe('ssh-ed25519');
  });
});

describe('a host that does not answer', () => {
  it('tells a refused connection', async () => {
    const port = await freePort();
    const error = await failure(dial(await sshd(), { target: { host: '127.0.0.1', port, user: 'core' } }));
    expect(error).toMatchObject({ code: 'unreachable', host: 's4', message: expect.stringContaining('refuses') });
  });

  it('tells a host that does not even answer TCP', async () => {
    const host = await silentHost();
    const target = { host: '127.0.0.1', port: host.port, user: 'core' };
    const error = await failure(dial(await sshd(), { target, connectTimeoutMs: 100 }));
    await host.close();
    expect(error).toMatchObject({ code: 'unreachable', message: expect.stringContaining('does not answer within') });
  });

  it('tells a server that accepts and stays silent', async () => {
    const server = await sshd({ faults: { holdBanner: new Promise(() => {}) } });
    const error = await failure(dial(server, { connectTimeoutMs: 3000 }));
    expect(error).toMatchObject({ code: 'no-banner', message: expect.stringContaining('no SSH banner') });
  });

  it('tells a name without an address', async () => {
    const error = await failure(dial(await sshd(), { target: { host: 'no-such-host.invalid', user: 'core' } }));
    expect(error).toMatchObject({ code: 'name-not-resolved', hint: expect.stringContaining('name=address') });
  });

  it('tells a server that never finishes authentication', async () => {
    const server = await sshd({ faults: { ignoreAuth: true } });
    const error = await failure(dial(server, { authTimeoutMs: 4000 }));
    expect(error).toMatchObject({ code: 'handshake-timeout', message: expect.stringContaining('authentication') });
  });

  it('tells a server with which no key exchange is possible', async () => {
    const server = await sshd({ kex: ['diffie-hellman-group1-sha1'] });
    const error = await failure(dial(server));
    expect(error).toMatchObject({
      code: 'handshake-failed',
      message: expect.stringMatching(/^key exchange with .* failed$/),
    });
  });

  it('stops when the run is aborted', async () => {
    const server = await sshd({ faults: { holdBanner: new Promise(() => {}) } });
    const controller = new AbortController();
    const pending = failure(dial(server, { signal: controller.signal }));
    controller.abort();
    expect(await pending).toMatchObject({ code: 'aborted', exit: 130 });
  });
});

describe('a server that drops us before its banner', () => {
  it('is asked again', async () => {
    const server = await sshd({ faults: { resetBeforeBanner: 2 } });
    const connection = await dial(server, { random: () => 0 });
    expect(server.connections).toBe(3);
    expect(connection.user).toBe('core');
  });

  it('is asked once where attempts are paced by others', async () => {
    const server = await sshd({ faults: { resetBeforeBanner: 1 } });
    expect(await failure(dial(server, { retryDropped: false }))).toMatchObject({ code: 'reset-before-banner' });
    expect(server.connections).toBe(1);
    await dial(server, { retryDropped: false });
  });

  it('is given up within the budget, its last words shown', async () => {
    const server = await sshd({ faults: { resetBeforeBanner: 1000, lastWords: 'Not allowed at this time' } });
    const error = await failure(dial(server, { connectTimeoutMs: 5000, random: () => 0 }));
    expect(error).toMatchObject({ code: 'reset-before-banner', detail: 'Not allowed at this time' });
    expect(error.hint).toMatch(/MaxStartups.*PerSourcePenalties/);
    expect(server.connections).toBeGreaterThan(1);
  });
});

describe('many at once', () => {
  it('makes no more handshakes at a time than allowed', async () => {
    const server = await sshd();
    const shared = { limits: createConnectLimits(2), configFile: sshConfig() };
    await Promise.all(Array.from({ length: 8 }, () => dial(server, shared)));
    expect(server.logins).toHaveLength(8);
    expect(server.handshakesPeak).toBeLessThanOrEqual(2);
  });

  it('lets nobody wait for a host that does not answer', async () => {
    const silent = await silentHost();
    const shared = { limits: createConnectLimits(1), configFile: sshConfig() };
    const stop = new AbortController();
    const server = await sshd();
    const target = { host: '127.0.0.1', port: silent.port, user: 'core' };
    const waiting = failure(dial(server, { ...shared, target, connectTimeoutMs: 600_000, signal: stop.signal }));
    await dial(server, shared);
    stop.abort();
    expect(await waiting).toMatchObject({ code: 'aborted' });
    await silent.close();
  });

  it('asks again a server that reset the connection while it waited for its turn', async () => {
    const limits = createConnectLimits(1);
    const leave = await limits.handshakes.acquire();
    const server = await sshd();
    const waiting = dial(server, { limits });
    await server.seenConnection();
    server.dropAll();
    await server.seenClosed();
    leave();
    await waiting;
    expect(server.connections).toBe(2);
  });

  it('leaves a connection that waits for its turn when the run is aborted', async () => {
    const limits = createConnectLimits(1);
    await limits.handshakes.acquire();
    const server = await sshd();
    const stop = new AbortController();
    const waiting = failure(dial(server, { limits, signal: stop.signal }));
    await server.seenConnection();
    stop.abort();
    expect(await waiting).toMatchObject({ code: 'aborted' });
    await server.seenClosed();
  });

  it('connects to fifty servers of one process', async () => {
    const servers = await Promise.all(Array.from({ length: 50 }, () => sshd({ exec: () => 0 })));
    const shared = { limits: createConnectLimits(), configFile: sshConfig() };
    const connections = await Promise.all(servers.map((server) => dial(server, shared)));
    const results = await Promise.all(connections.map((connection) => connection.exec('true', { label: 'try' })));
    expect(results.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 50 }, () => 0));
  });
});
