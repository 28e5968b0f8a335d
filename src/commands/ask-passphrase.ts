import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { usageError } from '../errors.js';

export interface AskOptions {
  /** e.g. `Passphrase for FILE: ` */
  prompt: string;
  /** Asked twice: one that was mistyped would open nothing. */
  twice: boolean;
  signal: AbortSignal;
}

/** From the terminal, unseen. @throws usage error `passphrase` without a terminal, of an empty one, of two that differ */
export async function askPassphrase({ prompt, twice, signal }: AskOptions): Promise<string> {
  if (!process.stdin.isTTY) throw refused('a passphrase is asked for on a terminal, and there is none');
  const passphrase = await askUnseen(prompt, signal);
  if (passphrase === '') throw refused('the passphrase is empty');
  if (twice && (await askUnseen('Again: ', signal)) !== passphrase) throw refused('the two passphrases differ');
  return passphrase;
}

/** On stderr, since stdout may be read by a program. */
async function askUnseen(prompt: string, signal: AbortSignal): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const pressed = new AbortController();
  // In raw mode Ctrl-C is a key like any other.
  reader.on('SIGINT', () => {
    pressed.abort();
    process.kill(process.pid, 'SIGINT');
  });
  process.stderr.write(prompt);
  try {
    return await reader.question('', { signal: AbortSignal.any([signal, pressed.signal]) });
  } catch (error) {
    signal.throwIfAborted();
    if (pressed.signal.aborted) throw refused('no passphrase was given');
    throw error;
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}

function refused(message: string) {
  return usageError({
    code: 'passphrase',
    message,
    hint: '--passphrase-file FILE reads it from a file of yours with mode 0600',
  });
}
