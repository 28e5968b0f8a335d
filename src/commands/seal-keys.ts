import { usageError } from '../errors.js';
import { requireRecipients, type SealFor } from '../sealed/seal.js';
import { readIdentityFile, readPassphraseFile } from '../sealed/secret-file.js';
import { requireIdentities, type UnsealWith } from '../sealed/unseal.js';
import { askPassphrase } from './ask-passphrase.js';
import type { SealFlags, UnsealFlags } from './seal-options.js';

const PASSPHRASE = '--passphrase-file';

/** @returns undefined for `--plain`. @throws usage errors of words that contradict each other, of keys and files */
export async function sealOf(flags: SealFlags, path: string, signal: AbortSignal): Promise<SealFor | undefined> {
  const { recipient, passphraseFile, plain } = flags;
  oneAtMost({ '--recipient': recipient.length > 0, [PASSPHRASE]: passphraseFile !== undefined, '--plain': plain });
  if (plain) return undefined;
  if (recipient.length > 0) {
    await requireRecipients(recipient);
    return { recipients: recipient };
  }
  if (passphraseFile !== undefined) return { passphrase: await readPassphraseFile(passphraseFile) };
  return { passphrase: await askPassphrase({ prompt: `Passphrase to seal ${path} with: `, twice: true, signal }) };
}

/** Asked only where the file is sealed. */
export async function unsealOf(flags: UnsealFlags, path: string, signal: AbortSignal): Promise<UnsealWith> {
  const { identity, passphraseFile } = flags;
  oneAtMost({ '--identity': identity !== undefined, [PASSPHRASE]: passphraseFile !== undefined });
  if (identity !== undefined) {
    const identities = await readIdentityFile(identity);
    await requireIdentities(identities);
    return { identities };
  }
  if (passphraseFile !== undefined) return { passphrase: await readPassphraseFile(passphraseFile) };
  return { passphrase: await askPassphrase({ prompt: `Passphrase of ${path}: `, twice: false, signal }) };
}

function oneAtMost(given: Readonly<Record<string, boolean>>): void {
  const words = Object.keys(given).filter((word) => given[word]);
  if (words.length < 2) return;
  const message = `${words.join(' and ')} contradict each other`;
  throw usageError({ code: 'words-contradict', message, hint: 'leave all but one of them away' });
}
