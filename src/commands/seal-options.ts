import { type Command, Option } from 'commander';
import { usageError } from '../errors.js';
import { option } from './options.js';

/** Who can open what is written. */
export interface SealFlags {
  recipient: string[];
  passphraseFile?: string;
  plain: boolean;
  force: boolean;
}

/** What opens what is read. */
export interface UnsealFlags {
  identity?: string;
  passphraseFile?: string;
}

const PASSPHRASE_FILE = '--passphrase-file <file>';

/** What loses something, or gives secrets away, is said in the command. */
export function addSealOptions(command: Command): Command {
  return command
    .addOption(
      option('--recipient <key>', 'seal it to this public key of age (age1…); may be repeated', 'RECIPIENT')
        .argParser((value: string, before: string[]) => [...before, ...value.split(/[\s,]+/).filter(Boolean)])
        .default([], 'a passphrase is asked for'),
    )
    .addOption(option(PASSPHRASE_FILE, 'seal it with the passphrase in this file (mode 0600)', 'PASSPHRASE_FILE'))
    .addOption(new Option('--plain', 'do not seal it: whoever has the file can read it').default(false))
    .addOption(new Option('--force', 'replace a file that is there').default(false));
}

export function addUnsealOptions(command: Command): Command {
  return command
    .addOption(option('--identity <file>', 'identities of age that open a sealed file (mode 0600)', 'IDENTITY'))
    .addOption(option(PASSPHRASE_FILE, 'passphrase that opens a sealed file (mode 0600)', 'PASSPHRASE_FILE'));
}

/** @throws usage error of words that say how a file is written where none is */
export function refuseSealWords(command: Command): void {
  const given = ['recipient', 'passphraseFile', 'plain', 'force'].filter(
    (name) => command.getOptionValueSource(name) === 'cli',
  );
  if (given.length === 0) return;
  throw usageError({
    code: 'words-contradict',
    message: 'how a file is sealed is said, and no file is asked for',
    hint: 'name it with --out FILE; what is kept in the state directory is not sealed',
  });
}
