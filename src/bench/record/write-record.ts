import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { DisklessError, EXIT } from '../../errors.js';
import { writeFileAtomic } from '../../state/atomic-write.js';
import { stateError } from '../../state/state-error.js';
import { type RunRecord, runRecordSchema } from './record-schema.js';

/**
 * Writes a run, whole or not at all.
 *
 * @throws a bug of ours (exit 1) when the record is not one that could be read: it is kept beside, as `<file>.invalid`
 */
export async function writeRecord(file: string, record: RunRecord): Promise<void> {
  const { success, error } = runRecordSchema.safeParse(record);
  if (success) return write(file, recordText(record));
  await write(`${file}.invalid`, recordText(record));
  throw new DisklessError({
    code: 'run-invalid',
    exit: EXIT.bug,
    message: `the record of the run does not fit its own schema: it is kept as ${file}.invalid`,
    detail: z.prettifyError(error),
  });
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    .then(() => writeFileAtomic(file, text, 0o600))
    .catch((cause: unknown) => {
      throw stateError(file, cause);
    });
}

/** JSON with one line per sample: small, and a difference of two files is readable. */
export function recordText(record: RunRecord): string {
  return `${lines(record, 0)}\n`;
}

function lines(value: unknown, depth: number): string {
  const indent = ' '.repeat(depth + 1);
  if (Array.isArray(value)) {
    if (value.length === 0 || typeof value[0] !== 'object') return JSON.stringify(value);
    return `[\n${value.map((item) => indent + JSON.stringify(item)).join(',\n')}\n${indent.slice(1)}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, inner]) => `${indent}${JSON.stringify(key)}: ${lines(inner, depth + 1)}`,
  );
  return `{\n${entries.join(',\n')}\n${indent.slice(1)}}`;
}
