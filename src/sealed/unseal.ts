import type { Decrypter, Identity } from 'age-encryption';
import { DisklessError, usageError } from '../errors.js';
import { webStream } from './web-stream.js';

/** What opens it: identities of age, or the passphrase. */
export type UnsealWith = { identities: readonly string[] } | { passphrase: string };

/** With this line every age file begins. */
const FIRST_LINE = 'age-encryption.org/v1\n';

/** Bytes that tell whether something is sealed. */
export const SEAL_BYTES = FIRST_LINE.length;

export const isSealed = (beginning: Uint8Array): boolean => Buffer.from(beginning).toString('latin1') === FIRST_LINE;

export interface UnsealOptions {
  /** Path, for errors. */
  file: string;
  chunks: AsyncIterable<Uint8Array>;
  key: UnsealWith;
}

/**
 * What is in an age file, in a stream. All of it is to be taken before any of it is believed: only at its end is a cut
 * seen.
 *
 * @throws usage errors `sealed-key` of a passphrase or identity that does not open it, `sealed-damaged`; what the chunks throw
 */
export async function* unseal({ file, chunks, key }: UnsealOptions): AsyncGenerator<Uint8Array> {
  let isKeyWrong = false;
  const decrypter = await decrypterWith(key);
  decrypter.addIdentity(asLast(() => (isKeyWrong = true)));
  try {
    yield* await decrypter.decrypt(webStream(chunks));
  } catch (error) {
    if (isKeyWrong) throw wrongKey(file, key);
    if (error instanceof DisklessError || isSystemError(error)) throw error;
    throw damaged(file, error);
  }
}

/** @throws usage error `sealed-identity` of what is no identity of age */
export async function requireIdentities(identities: readonly string[]): Promise<void> {
  await decrypterWith({ identities });
}

/** Loaded when it is needed, as by seal.ts. */
async function decrypterWith(key: UnsealWith): Promise<Decrypter> {
  const age = await import('age-encryption');
  const decrypter = new age.Decrypter();
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase);
  else for (const identity of key.identities) addIdentity(decrypter, identity);
  return decrypter;
}

function addIdentity(decrypter: Decrypter, identity: string): void {
  try {
    decrypter.addIdentity(identity);
  } catch {
    // Without a cause: it may repeat what was given, which is a secret.
    throw usageError({
      code: 'sealed-identity',
      message: 'the identity file holds what is no identity of age',
      hint: 'it is a file of age-keygen, with a line that begins with AGE-SECRET-KEY-',
    });
  }
}

/** Is asked only when no other has opened the file. */
function asLast(isAsked: () => void): Identity {
  return {
    unwrapFileKey() {
      isAsked();
      return null;
    },
  };
}

const isSystemError = (error: unknown): boolean => (error as NodeJS.ErrnoException | undefined)?.syscall !== undefined;

function wrongKey(file: string, key: UnsealWith): DisklessError {
  const given = 'passphrase' in key ? 'the passphrase' : 'the identity';
  return usageError({
    code: 'sealed-key',
    message: `${given} does not open ${file}`,
    hint: 'what was sealed to recipients is opened with --identity FILE, else with the passphrase (--passphrase-file FILE)',
  });
}

function damaged(file: string, cause: unknown): DisklessError {
  return usageError({
    code: 'sealed-damaged',
    message: `${file} is damaged: it was cut off, or changed, after it was sealed`,
    hint: 'take another copy of it',
    cause,
  });
}
