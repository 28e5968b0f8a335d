import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TEMPORARY_FILE } from '../state/atomic-write.js';
import type { StateDir } from '../state/state-dir.js';
import { stateError } from '../state/state-error.js';
import { readIn } from './read-in.js';
import type { TarFile } from './tar-write.js';

/** The first file of an exported state: what the rest is. */
export const STATE_HEADER = 'k8s-diskless-state.json';
/** Below it, the others lie as in the state directory. */
export const STATE_PREFIX = 'state/';

export const stateHeaderSchema = z.looseObject({
  version: z.literal(1),
  cluster: z.string().min(1),
  clusterId: z.string().min(1),
  /** By the operator's clock, ISO 8601. */
  exportedAt: z.iso.datetime(),
  /** Where it was written, nobody acts with it any more. */
  moved: z.boolean().default(false),
});
export type StateHeader = z.output<typeof stateHeaderSchema>;

/** What tells of runs and of processes of this machine, and is no memory of the cluster. */
const OWN = /^(runs|bench|retired\.json|lock|serve\.lock|lost\+found|\..*)$/;

/** All else in the state directory, in a stream. The caller holds what keeps it from changing; the change log alone may grow. */
export async function* stateFiles(state: StateDir, header: StateHeader, signal: AbortSignal): AsyncGenerator<TarFile> {
  const text = Buffer.from(`${JSON.stringify(header, null, 2)}\n`);
  yield { name: STATE_HEADER, sizeBytes: text.length, content: once(text) };
  for (const name of await namesIn(state.root)) {
    const path = join(state.root, name);
    const { size } = await stat(path);
    yield { name: `${STATE_PREFIX}${name}`, sizeBytes: size, content: readIn(path, signal, size) };
  }
}

/** Paths of files, relative to it. */
async function namesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw stateError(root, error);
  });
  return entries
    .filter((entry) => entry.isFile() && !TEMPORARY_FILE.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
    .filter((path) => !OWN.test(path.split('/')[0] ?? '') && !path.split('/').includes('lock'))
    .toSorted();
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
