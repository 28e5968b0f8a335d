import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isAbandoned, ownerTag } from '../../src/artifacts/owner.js';
import { parseIdentityTag } from '../../src/state/process-tag.js';
import { RUN_ROOT } from '../nodes/naming.js';
import { USERS } from './lab-cache.js';

/*
 * Who works with what of the lab's cache, so that nobody removes it meanwhile: processes, each in a file of its own, and
 * labs by their records. Paths are of two parts below the cache: `PRODUCT/VERSION_KEY`, `go-build/NAME`.
 */

export interface CacheUse {
  /** It is in use until this process ends, however it does, or until `end`. */
  add(path: string): Promise<void>;
  end(): Promise<void>;
}

export function openCacheUse(root: string): CacheUse {
  const added = new Set<string>();
  let opening: Promise<string> | undefined;
  let file = '';
  const forget = () => rmSync(file, { force: true });
  const open = async () => {
    file = await newFile(root);
    process.once('exit', forget);
    return file;
  };
  return {
    async add(path) {
      if (added.has(path)) return;
      added.add(path);
      opening ??= open();
      await appendFile(await opening, `${path}\n`);
    },
    async end() {
      if (opening === undefined) return;
      await opening;
      process.off('exit', forget);
      forget();
    },
  };
}

const ofThisProcess = new Map<string, CacheUse>();

/** What it takes of the cache a process has until it ends: nobody knows when it is through with it. */
export function useOfThisProcess(root: string): CacheUse {
  const use = ofThisProcess.get(root) ?? openCacheUse(root);
  ofThisProcess.set(root, use);
  return use;
}

const RANDOM = 16;

async function newFile(root: string): Promise<string> {
  const directory = join(root, USERS);
  await mkdir(directory, { recursive: true });
  return join(directory, `${randomBytes(RANDOM / 2).toString('hex')}.${await ownerTag()}`);
}

/** Path → who works with it, in words. Removes what processes that are gone have left. */
export async function cacheUsers(root: string, labs = RUN_ROOT): Promise<Map<string, string>> {
  const [processes, recorded] = await Promise.all([usedByProcesses(root), usedByLabs(root, labs)]);
  return new Map([...processes, ...recorded]);
}

async function usedByProcesses(root: string): Promise<[string, string][]> {
  const directory = join(root, USERS);
  const users = (await namesIn(directory)).map(async (name): Promise<[string, string][]> => {
    const file = join(directory, name);
    const tag = name.slice(RANDOM + 1);
    if (await isAbandoned(tag)) {
      await rm(file, { force: true });
      return [];
    }
    const who = `process ${parseIdentityTag(tag)?.pid ?? '?'}`;
    const text = await readFile(file, 'utf8').catch(() => '');
    return linesOf(text).map((path) => [path, who]);
  });
  return (await Promise.all(users)).flat();
}

/** A lab keeps what it was made of for as long as it is there. */
async function usedByLabs(root: string, labs: string): Promise<[string, string][]> {
  const users = (await namesIn(labs)).map(async (name): Promise<[string, string][]> => {
    const text = await readFile(join(labs, name, 'lab.json'), 'utf8').catch(() => '{}');
    return stringsIn(JSON.parse(text).build)
      .filter((path) => path.startsWith(`${root}${sep}`))
      .map((path) => [relative(root, path).split(sep).slice(0, 2).join(sep), `the lab ${name}`]);
  });
  return (await Promise.all(users)).flat();
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}

function linesOf(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
