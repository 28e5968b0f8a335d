import { DisklessError, EXIT } from '../errors.js';

/** Words a POSIX shell or bash reads as syntax when they stand first and unquoted. */
const RESERVED = new Set(
  '! case coproc do done elif else esac fi for function if in select then time until while'.split(' '),
);

/** `=` is left out: an unquoted first word with it would be an assignment. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/**
 * Words → one command line that a POSIX shell splits into exactly these words again.
 * A word may still look like an option to the program called; `--` is the caller's business.
 */
export function shellQuote(...words: string[]): string {
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  if (word.includes('\0')) {
    throw new DisklessError({
      code: 'nul-in-argument',
      exit: EXIT.bug,
      message: 'a remote argument contains a NUL byte, which no command line can carry',
    });
  }
  if (PLAIN.test(word) && !RESERVED.has(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
