import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { requireKeyAlone, whyNoKeyAlone } from '../../src/ssh/login-alone.js';
import { writeKeyFile } from '../helpers/key-files.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-login-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const refused = (message: string, hint: string) => ({
  code: 'identity-unusable',
  exit: 2,
  message: expect.stringContaining(message),
  hint: expect.stringContaining(hint),
});

it('takes a key that nobody has to unlock', async () => {
  await expect(requireKeyAlone(writeKeyFile(root, 'own').path)).resolves.toBeUndefined();
});

it('refuses one that is not there, that others can read, that is locked, and what is none', async () => {
  await expect(requireKeyAlone(join(root, 'none'))).rejects.toMatchObject(refused('ENOENT', 'serve.identity'));
  const { path } = writeKeyFile(root, 'own');
  chmodSync(path, 0o640);
  await expect(requireKeyAlone(path)).rejects.toMatchObject(refused('can be read by others', `chmod 600 ${path}`));
  const locked = writeKeyFile(root, 'locked', { passphrase: 'secret' });
  await expect(requireKeyAlone(locked.path)).rejects.toMatchObject(refused('passphrase', 'ssh-keygen'));
  const text = join(root, 'text');
  writeFileSync(text, 'hello', { mode: 0o600 });
  await expect(requireKeyAlone(text)).rejects.toMatchObject(refused('cannot be read', 'ssh-keygen'));
});

it('finds out by the SSH config whether anybody could log in without an agent', async () => {
  const locked = writeKeyFile(root, 'locked', { passphrase: 'secret' });
  const open = writeKeyFile(root, 'open');
  const configFile = join(root, 'config');
  const target = { host: 's4' };
  writeFileSync(configFile, `Host *\n  IdentityFile ${locked.path}\n`);
  expect(await whyNoKeyAlone({ target, configFile })).toContain(
    `${locked.path} (${locked.fingerprint}) has a passphrase`,
  );
  writeFileSync(configFile, `Host *\n  IdentityFile ${locked.path}\n  IdentityFile ${open.path}\n`);
  expect(await whyNoKeyAlone({ target, configFile })).toBeUndefined();
});
