import { copyFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { DisklessError } from '../errors.js';
import { blobPath, type Cache, readRecord, withTemporary, writeRecord } from './cache.js';
import { kubernetesBinary } from './catalogue.js';
import { Sha256 } from './checksum-file.js';
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

/** A machine as Node names it (`process.platform`, `process.arch`), in the names of Kubernetes' releases. */
export function goPlatform({ os, arch }: { os: string; arch: string }): { os: string; arch: string } {
  return { os: GO_NAMES[os] ?? os, arch: GO_NAMES[arch] ?? arch };
}

/** What is remembered of a kubectl: which blob it is. */
const Found = z.object({ sha256: Sha256 });

export interface FoundKubectl {
  program: string;
  /** Why it is not the one of the cluster's version. */
  insteadOf?: DisklessError;
}

/** Of a source that does not have it, or cannot be reached. What is damaged or in disorder is for a person to see. */
const NOT_TO_BE_HAD = new Set(['artifact-missing', 'download-failed']);

/**
 * The cluster version's kubectl, as an executable in the cache: once it is there, no source is asked again. Where it
 * cannot be had, the operator's own of PATH: a minor or two of difference is better than none.
 */
export async function findKubectl(options: FindKubectlOptions): Promise<FoundKubectl> {
  const { version, source, cache, env, platform, signal } = options;
  const { os, arch } = goPlatform(platform);
  const record = { kind: 'kubectl', key: `${version} ${os}/${arch}`, schema: Found };
  const known = await readRecord(cache, record);
  const cached = known && (await executableIn(cache, known.sha256));
  if (cached !== undefined) return { program: cached };
  try {
    const file = await source.obtain(kubernetesBinary({ name: 'kubectl', version, os, arch }), options);
    const program = (await executableIn(cache, file.sha256)) ?? (await copyAsExecutable(cache, file));
    await writeRecord(cache, record, { sha256: file.sha256 });
    return { program };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof DisklessError) || !NOT_TO_BE_HAD.has(error.code)) throw error;
    const installed = await findCommand(platform.os === 'win32' ? 'kubectl.exe' : 'kubectl', env);
    if (installed === undefined) throw error;
    return { program: installed, insteadOf: error };
  }
}

async function executableIn(cache: Cache, sha256: string): Promise<string | undefined> {
  const blob = await findBlob(cache, sha256);
  return blob !== undefined && ((await stat(blob.path)).mode & 0o100) !== 0 ? blob.path : undefined;
}

/** A mirror's copy may have lost its permissions, and a shared directory is not ours to change. */
async function copyAsExecutable(cache: Cache, { path, sha256 }: LocalFile): Promise<string> {
  return withTemporary(cache, async (temporary) => {
    await copyFile(path, temporary);
    await commitHashed(cache, { temporary, path: blobPath(cache, sha256), mode: 0o755, sha256 });
    return blobPath(cache, sha256);
  });
}
