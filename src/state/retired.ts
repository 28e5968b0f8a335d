import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { DisklessError, refusal } from '../errors.js';
import { syncDirectory, writeFileAtomic } from './atomic-write.js';
import type { StateDir } from './state-dir.js';
import { stateError } from './state-error.js';
import { type Superseding, supersededAt } from './superseded.js';

/*
 * A state that was handed over to another machine, or that was told that another copy of it has acted since, stays to be
 * read, and nobody acts with it any more.
 */

const retirementSchema = z.looseObject({
  version: z.literal(1),
  /** By the operator's clock, ISO 8601. */
  at: z.string(),
  /** The file that it was handed over in, as it was named. */
  to: z.string().optional(),
  /** Who told of the copy, and of which generation that is. */
  superseded: z.strictObject({ where: z.string(), generation: z.number().int().positive() }).optional(),
});

export interface Retirement {
  at: string;
  to?: string | undefined;
  superseded?: Superseding | undefined;
}

/** Durable when this returns. */
export async function retire({ retired }: StateDir, retirement: Retirement): Promise<void> {
  const text = `${JSON.stringify({ version: 1, ...retirement }, null, 2)}\n`;
  await writeFileAtomic(retired, text, 0o600).catch((error: unknown) => {
    throw stateError(retired, error);
  });
}

/** undefined: it is in use. A file that cannot be understood retires it as well. */
export async function retirementOf({ retired }: StateDir): Promise<Retirement | undefined> {
  const text = await readFile(retired, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw stateError(retired, error);
  });
  if (text === undefined) return undefined;
  try {
    return retirementSchema.parse(JSON.parse(text));
  } catch {
    return { at: 'a time that is not known' };
  }
}

export async function endRetirement({ root, retired }: StateDir): Promise<void> {
  try {
    await rm(retired, { force: true });
    await syncDirectory(root);
  } catch (error) {
    throw stateError(retired, error);
  }
}

/**
 * Before anything is done with it, and once more under its lock.
 *
 * @throws refusal (exit 5) `state-retired` or `operator-superseded`
 */
export async function requireInUse(state: StateDir): Promise<void> {
  const retirement = await retirementOf(state);
  if (retirement) throw retiredError(state, retirement);
}

/** Nobody may act with it from now on, so that who goes on trying can end. */
export const isRetiredError = (error: unknown): boolean =>
  error instanceof DisklessError && (error.code === 'state-retired' || error.code === 'operator-superseded');

function retiredError({ root }: StateDir, retirement: Retirement): DisklessError {
  const { at, to = 'a file that is not known', superseded } = retirement;
  if (superseded) return supersededAt(at, superseded);
  return refusal({
    code: 'state-retired',
    message: `${root} was handed over with state export --move ${to} at ${at}, and is only read since`,
    hint: 'go on where that file was imported; where it was not, and never will be, k8s-diskless state take-back takes this one into use again',
  });
}
