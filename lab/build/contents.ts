import { lstat, mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { writeFileAtomic } from '../../src/state/atomic-write.js';
import { CONTENTS } from './lab-cache.js';

/** Path below the product → its size in bytes. */
type Contents = Record<string, number>;

export interface ProductPlace {
  root: string;
  /** Its directory, `<root>/<name>/<version>_<key>`. */
  directory: string;
}

/** Where it is noted what belongs to a product: beside the products, in which only what was built lies. */
export function contentsFile({ root, directory }: ProductPlace): string {
  return `${join(root, CONTENTS, relative(root, directory))}.json`;
}

/** Notes what belongs to a finished product. */
export async function noteContents(place: ProductPlace): Promise<void> {
  const file = contentsFile(place);
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, JSON.stringify(await contentsOf(place.directory)), 0o644);
}

/**
 * What of a product is no longer as it was built, in words; undefined of one that is whole. Looks at sizes alone, which is
 * quick: files of a disk that was full or of a copy that was broken off are short. One that nothing was noted of, by an
 * earlier release, counts as whole, and is noted.
 */
export async function damageOf(place: ProductPlace): Promise<string | undefined> {
  const text = await readFile(contentsFile(place), 'utf8').catch(() => undefined);
  if (text === undefined) {
    await noteContents(place);
    return undefined;
  }
  const found = await contentsOf(place.directory);
  for (const [path, size] of Object.entries(noted(text))) {
    const now = found[path];
    if (now === undefined) return `${path} is missing`;
    if (now !== size) return `${path} has ${now} bytes in place of ${size}`;
  }
  return undefined;
}

function noted(text: string): Contents {
  try {
    return JSON.parse(text);
  } catch {
    // A file by this name no product has.
    return { 'the list of its files': 0 };
  }
}

async function contentsOf(directory: string): Promise<Contents> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
  const sizes = files.map(async (path) => [path, (await lstat(join(directory, path))).size] as const);
  return Object.fromEntries(await Promise.all(sizes));
}
