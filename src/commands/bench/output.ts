import { resolve } from 'node:path';
import { type DisklessError, usageError } from '../../errors.js';
import { writeFileAtomic } from '../../state/atomic-write.js';
import { type Style, styleFor } from '../../ui/style.js';
import { screenWidth } from '../../ui/view.js';
import { print } from '../output-lost.js';

/** What a text for the terminal is drawn for; into a file it goes without colours. */
export function textSurface(out: string | undefined): { width: number; style: Style } {
  const { stdout, env } = process;
  return { width: screenWidth(stdout.columns), style: styleFor(out === undefined ? stdout : {}, env) };
}

/** Writes a report to standard output, or whole to a file. @throws usage error when the file cannot be written */
export async function writeOutput(text: string, out: string | undefined): Promise<void> {
  if (out === undefined) return print(text);
  await writeFileAtomic(resolve(out), text, 0o644).catch((cause: NodeJS.ErrnoException) => {
    throw unwritable(out, cause);
  });
  process.stderr.write(`written to ${out}\n`);
}

function unwritable(out: string, cause: NodeJS.ErrnoException): DisklessError {
  const message = `${out} cannot be written (${cause.code})`;
  return usageError({ code: 'out-unwritable', message, hint: 'name a file in a directory that exists', cause });
}

/** The format asked for, else the one the file's name tells, else text for the terminal. */
export function formatOf<Format extends string>(
  asked: Format | undefined,
  out: string | undefined,
  formats: readonly (Format | 'terminal')[],
): Format | 'terminal' {
  const extension = /\.([a-z]+)$/.exec(out ?? '')?.[1];
  return asked ?? formats.find((format) => format === extension) ?? 'terminal';
}
