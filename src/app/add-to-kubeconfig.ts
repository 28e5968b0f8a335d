import { mkdir, open, readFile, realpath, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { refusal, usageError } from '../errors.js';
import { type MergedKubeconfig, mergeKubeconfig } from '../kube/merge-kubeconfig.js';
import { writeFileAtomic } from '../state/atomic-write.js';

export interface AddToKubeconfig {
  /** What `up` wrote. */
  own: string;
  /** Default: the first file of $KUBECONFIG, else ~/.kube/config. */
  to?: string | undefined;
  /** What it is to be called there. */
  context?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/**
 * `kubeconfig --merge`: a cluster among those that a person's kubectl knows. What was there before is kept beside it.
 *
 * @returns where, and what its context is called
 * @throws usage errors of `mergeKubeconfig`, `kubeconfig-unwritable`; refusal `kubeconfig-locked` while kubectl writes it
 */
export async function addToKubeconfig(options: AddToKubeconfig): Promise<MergedKubeconfig & { file: string }> {
  const { own, context, env } = options;
  const named = options.to ?? env.KUBECONFIG?.split(delimiter).find(Boolean) ?? join(homedir(), '.kube', 'config');
  try {
    await mkdir(dirname(named), { recursive: true, mode: 0o700 });
    // It may be a link to where it really lies.
    const file = await realpath(named).catch(() => named);
    return await underLock(file, async () => {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      const merged = mergeKubeconfig({ file, text, own, ...(context !== undefined && { name: context }) });
      const mode = text === undefined ? 0o600 : (await stat(file)).mode & 0o777 & ~0o077;
      if (text !== undefined) await writeFileAtomic(`${file}.before-k8s-diskless`, text, 0o600);
      await writeFileAtomic(file, merged.text, mode);
      return { ...merged, file };
    });
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw usageError({
      code: 'kubeconfig-unwritable',
      message: `${named} cannot be written (${code})`,
      hint: 'check its permissions, or name another file with --to',
      cause: error,
    });
  }
}

/** kubectl's own: it takes the same file before it writes (client-go tools/clientcmd/config.go). */
async function underLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  const held = await open(lock, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    throw refusal({
      code: 'kubeconfig-locked',
      message: `${lock} is there: kubectl, or another command, writes ${file}`,
      hint: `run it again; where nobody does, remove ${lock}`,
    });
  });
  try {
    return await work();
  } finally {
    await held.close();
    await rm(lock, { force: true });
  }
}
