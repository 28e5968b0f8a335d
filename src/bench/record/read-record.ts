import { readFile } from 'node:fs/promises';
import { formatPath } from '../../config/problems.js';
import { schemaProblems } from '../../config/schema-problems.js';
import { type DisklessError, usageError } from '../../errors.js';
import { type RunRecord, runRecordSchema } from './record-schema.js';
import { RUN_FORMAT, RUN_SCHEMA } from './terms.js';

const PROBLEMS_TOLD = 8;

/** @throws usage error (exit 2) when the file is not a run, not one of this schema, or damaged */
export async function readRecord(file: string): Promise<RunRecord> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `the benchmark run ${file} cannot be read (${cause.code})`;
    throw usageError({ code: 'run-unreadable', message, hint: 'k8s-diskless bench list shows the runs kept', cause });
  });
  return parseRecord(file, text);
}

/** The same for text in hand. @param file Named in errors */
export function parseRecord(file: string, text: string): RunRecord {
  const value = parseJson(file, text);
  const { format, schema } = headerOf(value);
  if (format !== RUN_FORMAT) throw notARun(file);
  if (schema !== RUN_SCHEMA) throw otherSchema(file, schema);
  const { success, data, error } = runRecordSchema.safeParse(value, { reportInput: true });
  if (success) return data;
  const lines = schemaProblems(runRecordSchema, error.issues).map(
    ({ path, message }) => `${formatPath(path) || 'the file'} ${message}`,
  );
  const more = lines.length - PROBLEMS_TOLD;
  throw usageError({
    code: 'run-damaged',
    message: `the benchmark run ${file} is damaged`,
    detail: [...lines.slice(0, PROBLEMS_TOLD), ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'),
    hint: 'put the file back as k8s-diskless wrote it',
  });
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notARun(file, cause);
  }
}

function headerOf(value: unknown): { format?: unknown; schema?: unknown } {
  return typeof value === 'object' && value !== null ? value : {};
}

function notARun(file: string, cause?: unknown): DisklessError {
  return usageError({
    code: 'run-unreadable',
    message: `${file} is not a benchmark run of k8s-diskless`,
    hint: 'name a run.json, its directory, or a run of k8s-diskless bench list',
    cause,
  });
}

function otherSchema(file: string, schema: unknown): DisklessError {
  const newer = typeof schema === 'number' && schema > RUN_SCHEMA;
  return usageError({
    code: 'run-schema',
    message: `${file} has schema ${JSON.stringify(schema)}, and this k8s-diskless reads schema ${RUN_SCHEMA}`,
    hint: newer ? 'use the k8s-diskless that wrote it, or a newer one' : 'measure again: older runs are not comparable',
  });
}
