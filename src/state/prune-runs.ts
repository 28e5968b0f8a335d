import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateDir } from './state-dir.js';

/** Runs of `up`, about 50 kB each; a daemon makes some every day. */
export const RUNS_KEPT = 300;
const NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/;

/**
 * Takes away the oldest runs of `up` but the newest 300, by their names. Those of other commands may still be written to.
 *
 * @param current Of the run in progress, which stays whatever the clock says
 */
export async function pruneRuns({ runs }: Pick<StateDir, 'runs'>, current: string): Promise<void> {
  const names = (await readdir(runs).catch(() => [])).filter((name) => NAME.test(name)).toSorted();
  const old = names.slice(0, Math.max(0, names.length - RUNS_KEPT)).map((name) => join(runs, name));
  for (const directory of old) {
    if (directory === current || !(await isThere(join(directory, 'events.ndjson')))) continue;
    // What cannot be removed takes room, and is no reason to keep a cluster down.
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
