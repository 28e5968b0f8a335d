import { open } from 'node:fs/promises';
import { usageError } from '../errors.js';

const MAX_BYTES = 64 * 1024;

/**
 * A passphrase, or identities, from a file that nobody else can read.
 *
 * @throws usage error `secret-file` of one that others may read, that is not this user's, or that cannot be read
 */
export async function readSecretFile(path: string): Promise<string> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw refused(path, `it cannot be read (${error.code})`);
  });
  try {
    const found = await file.stat();
    const { mode, uid, size } = found;
    if (!found.isFile()) throw refused(path, 'it is no file');
    if (uid !== process.getuid?.()) throw refused(path, 'it belongs to another user');
    if ((mode & 0o077) !== 0) throw refused(path, `others may read it (mode ${(mode & 0o777).toString(8)})`);
    if (size > MAX_BYTES) throw refused(path, 'it is too long to hold one');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Its first line. */
export async function readPassphraseFile(path: string): Promise<string> {
  const [line = ''] = (await readSecretFile(path)).split(/\r?\n/);
  if (line === '') throw refused(path, 'its first line is empty');
  return line;
}

/** As age-keygen writes them: one a line, with comments. */
export async function readIdentityFile(path: string): Promise<string[]> {
  const lines = (await readSecretFile(path)).split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (identities.length === 0) throw refused(path, 'no identity is in it');
  return identities;
}

function refused(path: string, why: string) {
  return usageError({
    code: 'secret-file',
    message: `the secret in ${path} is not used: ${why}`,
    hint: `it must be a file of yours that nobody else can read: chmod 600 ${path}`,
  });
}
