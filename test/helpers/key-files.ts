/** Keys made in this process; those of ssh-keygen are for reference tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { describeKey } from '../../src/ssh/key-format.js';

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

/** In OpenSSH's formats. */
export interface KeyPair {
  private: string;
  public: string;
}

export interface TestKey {
  path: string;
  /** `TYPE BASE64 COMMENT`. */
  public: string;
  /** As ssh-keygen prints it. */
  fingerprint: string;
}

export interface KeyPairOptions {
  type?: KeyType;
  passphrase?: string;
  comment?: string;
}

export function newKeyPair(options: KeyPairOptions = {}): KeyPair {
  const { type = 'ed25519', passphrase, comment = 'test' } = options;
  const locked = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds: 1 };
  const pair = ssh2.utils.generateKeyPairSync<KeyType>(type, { comment, bits: type === 'rsa' ? 2048 : 256, ...locked });
  // ssh2 1.17 drops leading zero bytes of the public half, which spoils one key in 256.
  return ssh2.utils.parseKey(pair.private, passphrase) instanceof Error ? newKeyPair(options) : pair;
}

/** NAME and NAME.pub. */
export function writeKeyFile(directory: string, name: string, options: KeyPairOptions = {}): TestKey {
  const path = join(directory, name);
  const pair = newKeyPair({ comment: name, ...options });
  writeFileSync(path, pair.private, { mode: 0o600 });
  writeFileSync(`${path}.pub`, `${pair.public}\n`);
  const blob = Buffer.from(pair.public.split(' ')[1] ?? '', 'base64');
  return { path, public: pair.public, fingerprint: describeKey(blob).fingerprint };
}
