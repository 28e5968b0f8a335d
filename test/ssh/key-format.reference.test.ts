import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeKey, readKeyFile } from '../../src/ssh/key-format.js';
import { generateKey, type KeyOptions } from '../helpers/ssh-tools.js';

const directory = mkdtempSync(join(tmpdir(), 'keys-'));
afterAll(() => rmSync(directory, { recursive: true }));

const TYPES = { ed25519: 'ssh-ed25519', ecdsa: 'ecdsa-sha2-nistp256', rsa: 'ssh-rsa' };

describe('describeKey', () => {
  it.each(['ed25519', 'ecdsa', 'rsa'] as const)('gives type and fingerprint of %s as ssh-keygen does', (type) => {
    const key = generateKey(directory, `describe-${type}`, { type });
    const blob = Buffer.from(key.public.split(' ')[1] ?? '', 'base64');
    expect(describeKey(blob)).toMatchObject({ type: TYPES[type], fingerprint: key.fingerprint });
  });

  it('does not fail on rubbish', () => {
    expect(describeKey(Buffer.from([0, 0, 1, 0, 1])).type).toBe('unknown');
    expect(describeKey(Buffer.alloc(0)).type).toBe('unknown');
  });
});

describe('readKeyFile', () => {
  it.each<KeyOptions>([
    { type: 'ed25519' },
    { type: 'ecdsa' },
    { type: 'rsa' },
    { type: 'ecdsa', format: 'PEM' },
    { type: 'rsa', format: 'PEM' },
    { type: 'ecdsa', format: 'PKCS8' },
    { type: 'rsa', format: 'PKCS8' },
  ])('reads a private key: %j', (options) => {
    const key = generateKey(directory, `plain-${options.type}-${options.format}`, options);
    const content = readKeyFile(readFileSync(key.path, 'utf8'));
    expect(content.kind).toBe('private');
    if (content.kind !== 'private') return;
    expect(describeKey(content.key.getPublicSSH()).fingerprint).toBe(key.fingerprint);
  });

  it.each<KeyOptions>([
    { type: 'ed25519' },
    { type: 'rsa' },
    { type: 'rsa', format: 'PEM' },
    { type: 'ecdsa', format: 'PKCS8' },
  ])('recognises a passphrase: %j', (options) => {
    const key = generateKey(directory, `secret-${options.type}-${options.format}`, {
      ...options,
      passphrase: 'geheim',
    });
    const content = readKeyFile(readFileSync(key.path, 'utf8'));
    expect(content.kind).toBe('encrypted');
    // Only OpenSSH's own container shows the public half beside the encrypted private one.
    const shown = content.kind === 'encrypted' ? content.publicKey?.fingerprint : undefined;
    expect(shown).toBe(options.format === undefined ? key.fingerprint : undefined);
  });

  it('reads a public key', () => {
    const key = generateKey(directory, 'only-public');
    expect(readKeyFile(key.public)).toMatchObject({ kind: 'public', publicKey: { fingerprint: key.fingerprint } });
  });

  it.each(['', 'no key at all', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
    'says so of %j',
    (text) => {
      expect(readKeyFile(text).kind).toBe('unreadable');
    },
  );
});
