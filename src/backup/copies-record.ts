import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { CopiesStatus } from '../cluster/cluster-status.js';
import { writeFileAtomic } from '../state/atomic-write.js';
import type { StateDir } from '../state/state-dir.js';
import { stateError } from '../state/state-error.js';
import { snapshotInfoSchema } from './snapshot-info.js';

const kept = snapshotInfoSchema.pick({ id: true, incarnation: true, revision: true, takenAt: true });

/** What is known of copies, in `copies.json`. Loose: keys of a later release survive. */
const copiesSchema = z.looseObject({
  version: z.literal(1),
  /** As configured: what was copied elsewhere is not there. */
  to: z.string(),
  /** Those that were there last, the newest first. */
  copied: z.array(kept),
  /** By the operator's clock, ISO 8601. */
  copiedAt: z.iso.datetime().optional(),
  /** Of the last run; absent where it brought all. */
  failure: z.looseObject({ at: z.iso.datetime(), message: z.string() }).optional(),
});

export type CopiesRecord = z.output<typeof copiesSchema>;

/** What a setting is compared by. */
export const targetText = (copyTo: string | readonly string[]): string => JSON.stringify(copyTo);

/** Of another target, damaged, or none: as if nothing was ever copied. */
export async function readCopies({ copies: path }: StateDir, to: string): Promise<CopiesRecord> {
  const none: CopiesRecord = { version: 1, to, copied: [] };
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw stateError(path, error);
  });
  if (text === undefined) return none;
  try {
    const found = copiesSchema.safeParse(JSON.parse(text)).data;
    return found?.to === to ? found : none;
  } catch {
    return none;
  }
}

export async function writeCopies({ copies: path }: StateDir, record: CopiesRecord): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(record, null, 2)}\n`, 0o600).catch((error: unknown) => {
    throw stateError(path, error);
  });
}

/** For `status`; asks nobody: what the last run found. undefined where none are to be made. */
export async function copiesStatus(
  state: StateDir,
  to: CopiesStatus['to'] | undefined,
): Promise<CopiesStatus | undefined> {
  if (to === undefined) return undefined;
  const { copied, failure } = await readCopies(state, targetText(to));
  const [newest] = copied;
  return {
    to,
    newest: newest && { id: newest.id, takenAt: new Date(newest.takenAt) },
    failure: failure && { at: new Date(failure.at), message: failure.message },
  };
}
