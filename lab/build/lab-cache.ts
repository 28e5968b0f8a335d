import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder of downloads that did not end yet. */
export const DOWNLOADS = 'downloads';

/** Where everything the lab builds lives, outside the repository. */
export function labCacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env.K8S_DISKLESS_LAB_CACHE) return env.K8S_DISKLESS_LAB_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k8s-diskless-lab');
}
