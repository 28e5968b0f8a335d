import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { connect, createConnectLimits } from '../../src/ssh/connect.js';
import type { ConnectOptions } from '../../src/ssh/connect-options.js';
import { JumpHostKeys, type JumpHostKeysOptions } from '../../src/ssh/jump-host-keys.js';
import { JumpPool } from '../../src/ssh/jump-pool.js';
import { describeKey } from '../../src/ssh/key-format.js';
import type { Connection } from '../../src/ssh/transport.js';
import { type FakeSshd, type FakeSshdOptions, startFakeSshd } from '../helpers/fake-sshd.js';
import { newKeyPair } from '../helpers/key-files.js';

/** The user key every fake sshd lets in, as `core`. */
const USER_KEY = newKeyPair();

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A directory that is gone after the test. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ssh-test-'));
  closers.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A server that lives as long as the test. */
export async function sshd(options: Partial<FakeSshdOptions> = {}): Promise<FakeSshd> {
  const server = await startFakeSshd({ users: { core: [USER_KEY.public] }, ...options });
  closers.push(() => server.close());
  return server;
}

/** Writes an ssh_config that knows nothing of the machine's own, and offers USER_KEY. */
export function sshConfig(lines = ''): string {
  const directory = scratch();
  const key = join(directory, 'id');
  writeFileSync(key, USER_KEY.private, { mode: 0o600 });
  const path = join(directory, 'config');
  writeFileSync(
    path,
    `${lines}\nHost *\n  IdentityFile ${key}\n  IdentityAgent none\n  UserKnownHostsFile none\n  GlobalKnownHostsFile none\n`,
  );
  return path;
}

/** Without any memory of jump hosts, unless given. */
export function newJumpPool(keys: Partial<JumpHostKeysOptions> = {}): JumpPool {
  const none = { believed: new Map(), file: 'jump-hosts.json', forgets: () => false, onNew: () => {} };
  return new JumpPool(new JumpHostKeys({ ...none, ...keys }));
}

/** connect() to a fake server with what most tests want; the connection ends with the test. */
export async function dial(server: FakeSshd, options: Partial<ConnectOptions> = {}): Promise<Connection> {
  const connection = await connect({
    target: { host: server.host, port: server.port, user: 'core' },
    name: 's4',
    configFile: options.configFile ?? sshConfig(),
    policy: 'per-boot',
    jumpPool: newJumpPool(),
    limits: createConnectLimits(),
    ...options,
  });
  closers.push(async () => {
    connection.end();
    await connection.closed;
  });
  return connection;
}

/** The error a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error('expected a failure');
}

/** As ssh-keygen prints it. */
export function fingerprintOf(hostKeyLine: string | undefined): string {
  return describeKey(Buffer.from(hostKeyLine?.split(' ')[1] ?? '', 'base64')).fingerprint;
}
