import { copyFile, stat } from 'node:fs/promises';
import { blobPath, type Cache, withTemporary } from './cache.js';
import { kubernetesBinary } from './catalogue.js';
import { findCommand } from './find-command.js';
import { commitHashed, findBlob } from './remembered.js';
import type { ArtifactSource, LocalFile, ObtainOptions } from './source.js';

export interface FindKubectlOptions extends ObtainOptions {
  /** Kubernetes version of the cluster. */
  version: string;
  source: ArtifactSource;
  cache: Cache;
  env: NodeJS.ProcessEnv;
  /** Node's names: `process.platform` and `process.arch`. */
  platform: { os: string; arch: string };
}

/** Node's names of systems and processors where Go's differ. */
const GO_NAMES: Record<string, string> = { win32: 'windows', x64: 'amd64', ia32: '386' };

/** The operator's own kubectl where PATH has one, else the cluster version's, as an executable in the cache. */
export async function findKubectl(options: FindKubectlOptions): Promise<string> {
  const { version, source, cache, env, platform } = options;
  const installed = await findCommand(platform.os === 'win32' ? 'kubectl.exe' : 'kubectl', env);
  if (installed !== undefined) return installed;
  const os = GO_NAMES[platform.os] ?? platform.os;
  const arch = GO_NAMES[platform.arch] ?? platform.arch;
  const file = await source.obtain(kubernetesBinary({ name: 'kubectl', version, os, arch }), options);
  return executableBlob(cache, file);
}

/** A mirror's copy may have lost its permissions, and a shared directory is not ours to change. */
async function executableBlob(cache: Cache, { path, sha256 }: LocalFile): Promise<string> {
  const blob = await findBlob(cache, sha256);
  if (blob !== undefined && ((await stat(blob.path)).mode & 0o100) !== 0) return blob.path;
  return withTemporary(cache, async (temporary) => {
    await copyFile(path, temporary);
    await commitHashed(cache, { temporary, path: blobPath(cache, sha256), mode: 0o755, sha256 });
    return blobPath(cache, sha256);
  });
}
