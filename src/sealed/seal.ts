import type { Encrypter } from 'age-encryption';
import { usageError } from '../errors.js';
import { webStream } from './web-stream.js';

/** Who can open what is sealed: the holders of these recipients' identities, or whoever knows the passphrase. */
export type SealFor = { recipients: readonly string[] } | { passphrase: string };

/** As an age file (age-encryption.org/v1), in a stream: chunks of 64 KiB, the last one marked, so that a cut is seen. */
export async function* seal(chunks: AsyncIterable<Uint8Array>, to: SealFor): AsyncGenerator<Uint8Array> {
  const encrypter = await encrypterFor(to);
  yield* await encrypter.encrypt(webStream(chunks));
}

/** @throws usage error `seal-recipient` of one that is no recipient of age */
export async function requireRecipients(recipients: readonly string[]): Promise<void> {
  if (recipients.length === 0) return;
  await encrypterFor({ recipients });
}

/** Loaded when it is needed: it takes longer than all else that a command begins with. */
async function encrypterFor(to: SealFor): Promise<Encrypter> {
  const age = await import('age-encryption');
  const encrypter = new age.Encrypter();
  if ('passphrase' in to) encrypter.setPassphrase(to.passphrase);
  else for (const recipient of to.recipients) addRecipient(encrypter, recipient);
  return encrypter;
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch (cause) {
    // Someone may have given an identity by mistake: what was given is not repeated.
    throw usageError({
      code: 'seal-recipient',
      message: 'a recipient is not one of age: it must be a public key that begins with age1, whole',
      hint: 'age-keygen prints it when it makes a key; age-keygen -y FILE prints that of an identity file',
      cause,
    });
  }
}
