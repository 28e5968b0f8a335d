import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { buildError } from './build-error.js';
import { withLock } from './build-lock.js';
import { buildLock, inCache } from './cache-locks.js';
import { cacheUsers, useOfThisProcess } from './cache-users.js';
import { contentsFile, damageOf, noteContents } from './contents.js';
import { SCRATCH } from './lab-cache.js';
import { runCommand } from './run-command.js';

/** Something the lab builds once and keeps in its cache: a directory of files. */
export interface Product {
  name: string;
  /** All that decides what comes out, as far as it is known without asking the package archive. */
  inputs: () => Promise<string[]>;
  build: (context: BuildContext) => Promise<BuiltProduct>;
}

export interface BuildContext {
  /** Of the cache, for what several products share. */
  root: string;
  /** Compiled Go packages, which products that are built together share. */
  compiled: string;
  /** Empty directory for the product's files. */
  output: string;
  /** Empty directory for everything else; removed afterwards. */
  work: string;
  progress: (line: string) => void;
  signal: AbortSignal | undefined;
  /** Directory of another product that this one is built with; builds it when it is missing. */
  use: (product: Product) => Promise<string>;
}

interface BuiltProduct {
  /** Version of the package or module it was made from; becomes part of the directory's name. */
  version: string;
}

export interface MaterializeOptions {
  root: string;
  progress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** Build anew even when the product is there, e.g. to take up a newer package version. */
  rebuild?: boolean;
  /** Called when something was built rather than found. */
  onBuilt?: () => void;
  /** Directory for compiled Go packages. Default: one of the product's own, removed with its work. */
  compiled?: string;
}

/** So many builds of one product stay in the cache, beside those in use: the newest, and one for the branch next door. */
const KEPT_BUILDS = 2;

/**
 * The directory of the finished product, `<root>/<name>/<version>_<key>`; builds it when it is missing or damaged. Nobody
 * removes it before this process ends.
 */
export async function materialize(product: Product, options: MaterializeOptions): Promise<string> {
  try {
    return await findOrBuild(product, options);
  } catch (error) {
    throw options.signal?.aborted ? error : buildError({ error, product: product.name, root: options.root });
  }
}

async function findOrBuild(product: Product, options: MaterializeOptions): Promise<string> {
  const { root, progress, signal } = options;
  const existing = await inCache(root, signal, () => takeBuilt(product, options));
  if (existing !== undefined && !options.rebuild) return existing;
  const onWait = () => progress(`${product.name}: waiting for another build of it to finish`);
  return await withLock({ name: buildLock(root, product.name), onWait, signal }, async () => {
    const builtMeanwhile = await inCache(root, signal, async () => {
      await mkdir(join(root, product.name), { recursive: true });
      return takeBuilt(product, { root, progress: () => {} });
    });
    if (builtMeanwhile !== undefined && builtMeanwhile !== existing) return builtMeanwhile;
    return await buildInto(product, options);
  });
}

/** Under the lock. */
async function buildInto(product: Product, options: MaterializeOptions): Promise<string> {
  const { root, signal } = options;
  const progress = (line: string) => options.progress(`${product.name}: ${line}`);
  const scratch = join(root, SCRATCH);
  const home = join(root, product.name);
  await mkdir(scratch, { recursive: true });
  const temporary = await mkdtemp(join(scratch, `${product.name}-`));
  const [output, work] = [join(temporary, 'out'), join(temporary, 'work')];
  const use = (other: Product) => materialize(other, { root, progress: options.progress, signal });
  const { compiled = join(work, 'compiled') } = options;
  try {
    await mkdir(output);
    await mkdir(work);
    // Of what is built, whatever becomes of the repository meanwhile.
    const key = hashOf(await product.inputs());
    const { version } = await product.build({ root, compiled, output, work, progress, signal, use });
    const finished = join(home, `${version}_${key}`);
    await inCache(root, signal, async () => {
      await rm(finished, { recursive: true, force: true });
      await rename(output, finished);
      await noteContents({ root, directory: finished });
      await useOfThisProcess(root).add(relative(root, finished));
      await dropOldBuilds(root, home);
    });
    progress(`ready (${version})`);
    options.onBuilt?.();
    return finished;
  } finally {
    // A killed chroot may have left mounts behind: never cross into another file system.
    await runCommand({ command: 'rm', args: ['-rf', '--one-file-system', temporary] });
  }
}

/** Version of a finished product, from its directory. */
export function builtVersion(directory: string): string {
  return basename(directory).replace(/_[^_]*$/, '');
}

/** One that is there and whole is in use from now on. */
async function takeBuilt(
  product: Product,
  { root, progress }: Pick<MaterializeOptions, 'root' | 'progress'>,
): Promise<string | undefined> {
  const key = hashOf(await product.inputs());
  const builds = (await newestFirst(join(root, product.name))).filter((path) => path.endsWith(`_${key}`));
  const damages: string[] = [];
  for (const directory of builds) {
    const damage = await damageOf({ root, directory });
    if (damage !== undefined) damages.push(damage);
    else {
      await useOfThisProcess(root).add(relative(root, directory));
      return directory;
    }
  }
  if (damages.length > 0) {
    progress(`${product.name}: what the cache has is damaged (${damages.join('; ')}), so it is built anew`);
  }
  return undefined;
}

async function dropOldBuilds(root: string, home: string): Promise<void> {
  const users = await cacheUsers(root);
  const old = (await newestFirst(home)).slice(KEPT_BUILDS);
  for (const directory of old.filter((path) => !users.has(relative(root, path)))) {
    await rm(directory, { recursive: true, force: true });
    await rm(contentsFile({ root, directory }), { force: true });
  }
}

async function newestFirst(home: string): Promise<string[]> {
  const paths = (await listDirectory(home)).map((name) => join(home, name));
  const builds = await Promise.all(paths.map(async (path) => ({ path, time: (await stat(path)).ctimeMs })));
  return builds.sort((a, b) => b.time - a.time).map(({ path }) => path);
}

async function listDirectory(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Content of files and of whole directories as inputs of a product, in an order that does not depend on the disk. */
export async function fileInputs(base: string, paths: readonly string[]): Promise<string[]> {
  const files = (await Promise.all(paths.map((path) => filesBelow(join(base, path))))).flat().sort();
  return await Promise.all(files.map(async (file) => `${relative(base, file)}\n${await readFile(file, 'utf8')}`));
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function hashOf(inputs: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
}
