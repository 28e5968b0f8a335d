import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { asCacheError, type Cache } from '../../artifacts/cache.js';
import type { Arch } from '../../artifacts/catalogue.js';
import { Sha256 } from '../../artifacts/checksum-file.js';
import type { OsName } from '../../config/boot-schema.js';
import { writeFileAtomic } from '../../state/atomic-write.js';

/** What `boot fetch` leaves in the cache: which blobs make up an operating system. */
const fetchedRelease = z.object({
  channel: z.string(),
  version: z.string(),
  /** Fingerprint of the key that signed; null: signatures were not checked. */
  signedBy: z.string().nullable(),
  images: z.array(
    z.object({ role: z.enum(['kernel', 'initrd', 'rootfs']), file: z.string(), sha256: Sha256, size: z.int() }),
  ),
});
export type FetchedRelease = z.infer<typeof fetchedRelease>;

/** Where releases of one operating system stand. */
export interface Shelf {
  cache: Cache;
  os: OsName;
  arch: Arch;
}

export async function recordFetched(shelf: Shelf, release: FetchedRelease): Promise<void> {
  try {
    await mkdir(directoryOf(shelf), { recursive: true });
    const text = `${JSON.stringify(release, undefined, 2)}\n`;
    await writeFileAtomic(join(directoryOf(shelf), `${release.version}.json`), text, 0o644);
  } catch (error) {
    throw asCacheError(shelf.cache, error);
  }
}

/** Everything fetched, the newest version first. What cannot be read is as good as not fetched. */
export async function fetchedReleases(shelf: Shelf): Promise<FetchedRelease[]> {
  const names = await readdir(directoryOf(shelf)).catch(() => []);
  const releases = await Promise.all(names.map((name) => read(join(directoryOf(shelf), name))));
  return releases.filter((release) => release !== undefined).sort((a, b) => compareVersions(b.version, a.version));
}

async function read(path: string): Promise<FetchedRelease | undefined> {
  try {
    return fetchedRelease.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function directoryOf({ cache, os, arch }: Shelf): string {
  return join(cache.root, 'os-images', os, arch);
}

/** By their numbers: 4081.3.10 comes after 4081.3.9. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
