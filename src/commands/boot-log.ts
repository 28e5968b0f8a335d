import { appendFileSync } from 'node:fs';
import { appendFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BootEvent } from '../boot/server/boot-events.js';
import { toDisklessError, usageError } from '../errors.js';
import { createRunDirectory, type StateDir } from '../state/state-dir.js';
import { onceLost } from './output-lost.js';

export interface BootLogOptions {
  /** `--log`. */
  asked: string | undefined;
  state: StateDir;
  startedAt: Date;
}

export interface BootLog {
  write: (event: BootEvent) => void;
  /** Where it is, or why there is none. */
  note: string;
}

/**
 * Keeps what a boot server does as JSON lines: in the file that was asked for, else beside what `up` keeps of its runs,
 * where there is a state directory already.
 *
 * @throws usage error (exit 2) when the file that was asked for cannot be written
 */
export async function openBootLog({ asked, state, startedAt }: BootLogOptions): Promise<BootLog> {
  if (asked !== undefined) return logAt(await writable(resolve(asked)));
  const hasState = await stat(state.runs).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!hasState) return noLog('there is no state directory yet');
  try {
    return logAt(join(await createRunDirectory(state, startedAt), 'boot.ndjson'));
  } catch (error) {
    return noLog(toDisklessError(error).message);
  }
}

function noLog(reason: string): BootLog {
  return { write: () => {}, note: `no log is kept (${reason}): --log FILE names one` };
}

async function writable(path: string): Promise<string> {
  await appendFile(path, '').catch((cause: NodeJS.ErrnoException) => {
    const message = `the log ${path} cannot be written (${cause.code})`;
    throw usageError({ code: 'log-unwritable', message, hint: 'name another file with --log', cause });
  });
  return path;
}

/** By its path every time: whoever rotates it may move it away. */
function logAt(path: string): BootLog {
  const lost = onceLost({ what: `the log ${path}`, goesOn: 'machines are served on' });
  return {
    note: `log: ${path}`,
    write(event) {
      // How far a transfer is at which moment is only for watching.
      if (event.type === 'transfer-progress') return;
      try {
        appendFileSync(path, `${JSON.stringify(event)}\n`);
      } catch (error) {
        lost(error as NodeJS.ErrnoException);
      }
    },
  };
}
