import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Compiled Go packages, a folder for each set of products that are built together. */
export const COMPILED = 'go-build';
/** Downloads that did not end yet, a folder for each product. */
export const DOWNLOADS = 'downloads';
/** Where products are built; what is left there is of builds that were killed. */
export const SCRATCH = 'tmp';
/** Folders that hold no products: what is only needed while something is built. */
export const WORKPLACES = [COMPILED, DOWNLOADS, 'go-mod', 'go-test', SCRATCH] as const;
/** Who works with what, see cache-users.ts. */
export const USERS = 'users';
/** What belongs to each product, see contents.ts. */
export const CONTENTS = 'contents';

/** In bytes; what the lab keeps is meant to stay below. */
export const CACHE_LIMIT = 15e9;

/** Where everything the lab builds lives, outside the repository. */
export function labCacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env.K8S_DISKLESS_LAB_CACHE) return resolve(env.K8S_DISKLESS_LAB_CACHE);
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k8s-diskless-lab');
}
