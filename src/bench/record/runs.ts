import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean } from '../../config/suggest.js';
import { DisklessError, usageError } from '../../errors.js';
import { stateError } from '../../state/state-error.js';
import { readRecord } from './read-record.js';
import type { RunRecord } from './record-schema.js';

/** Name of the record in a run's directory. */
export const RUN_FILE = 'run.json';

/** One kept run; of a damaged one only why it cannot be read. */
export interface KeptRun {
  id: string;
  file: string;
  record?: RunRecord;
  problem?: DisklessError;
}

/** All runs in a cluster's bench directory, the oldest first; none when there is no such directory. */
export async function keptRuns(directory: string): Promise<KeptRun[]> {
  const ids = await runIds(directory);
  return Promise.all(ids.map((id) => keptRun(id, join(directory, id, RUN_FILE))));
}

async function keptRun(id: string, file: string): Promise<KeptRun> {
  try {
    return { id, file, record: await readRecord(file) };
  } catch (error) {
    if (error instanceof DisklessError) return { id, file, problem: error };
    throw error;
  }
}

/** Names of runs begin with their time, so that their order is that of the alphabet. */
async function runIds(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw stateError(directory, error);
  });
  return names.filter((name) => /^\d{4}-/.test(name)).sort();
}

/**
 * The file that a word on the command line names: a path, `latest`, or the name of a kept run or its beginning.
 *
 * @param directory The cluster's bench directory
 * @throws usage error (exit 2)
 */
export async function findRun(word: string, directory: string): Promise<string> {
  return (await asPath(word)) ?? asKept(word, directory);
}

async function asPath(word: string): Promise<string | undefined> {
  const found = await stat(word).catch(() => undefined);
  if (found === undefined) return undefined;
  return found.isDirectory() ? join(word, RUN_FILE) : word;
}

async function asKept(word: string, directory: string): Promise<string> {
  const ids = await runIds(directory);
  const latest = ids.at(-1);
  if (latest === undefined) {
    const message = `${JSON.stringify(word)} is no file, and no benchmark run is kept in ${directory}`;
    throw usageError({ code: 'run-unknown', message, hint: 'name a run.json, or another cluster with --cluster' });
  }
  if (word === 'latest') return join(directory, latest, RUN_FILE);
  const matching = ids.filter((id) => id.startsWith(word));
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return join(directory, only, RUN_FILE);
  const suggestion = didYouMean(word, ['latest', ...ids]);
  const problem = matching.length > 1 ? 'begins the names of several runs' : 'is neither a file nor a kept run';
  throw usageError({
    code: 'run-unknown',
    message: [`${JSON.stringify(word)} ${problem}`, ...(matching.length > 1 ? [] : [suggestion])]
      .filter(Boolean)
      .join('; '),
    ...(matching.length > 1 && { detail: matching.join('\n') }),
    hint: 'k8s-diskless bench list shows the runs kept; latest is the last of them',
  });
}
