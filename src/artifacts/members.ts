import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { z } from 'zod';
import type { Encoding } from '../delivery/segment.js';
import { type Cache, type RecordKey, readRecord, withTemporary, writeRecord } from './cache.js';
import { Sha256 } from './checksum-file.js';
import { compressMember } from './compress.js';
import type { Content } from './content.js';
import type { OnArtifactProgress } from './progress.js';
import { commitHashed, hashFile, sha256Of } from './remembered.js';
import { sharedWork } from './shared-work.js';

/** A content compressed as one tar member, ready to be sent as it lies. */
interface CompressedMember {
  path: string;
  /** Size of the file at `path`. */
  bytes: number;
}

export interface MemberStore {
  /** Makes contents known; nothing is read. */
  add(contents: Iterable<Content>): void;
  /** Compresses on first demand; afterwards, and in later runs, only looks whether the file is still the same. */
  memberOf(sha256: string, encoding: Encoding): Promise<CompressedMember>;
}

export interface MemberStoreOptions {
  cache: Cache;
  env: NodeJS.ProcessEnv;
  progress: OnArtifactProgress;
  signal?: AbortSignal | undefined;
}

const SUFFIX: Record<Encoding, string> = { zstd: 'tar.zst', gzip: 'tar.gz' };

/** What the compressed file must be, recorded when it was made. */
const Written = z.object({ sha256: Sha256, bytes: z.number() });

export function memberStore(options: MemberStoreOptions): MemberStore {
  const contents = new Map<string, Content>();
  const limit = pLimit(availableParallelism());
  const findOrMake = async (request: Request) => (await find(request)) ?? limit(() => make(request));
  const shared = sharedWork(findOrMake, ({ content, encoding }) => `${content.sha256} ${encoding}`);
  return {
    add(more) {
      for (const content of more) contents.set(content.sha256, content);
    },
    async memberOf(sha256, encoding) {
      const content = contents.get(sha256);
      if (content === undefined) throw new Error(`no content ${sha256} was prepared`);
      return shared({ ...options, content, encoding });
    },
  };
}

interface Request extends MemberStoreOptions {
  content: Content;
  encoding: Encoding;
}

function recordOf({ content, encoding }: Request): RecordKey<z.infer<typeof Written>> {
  return { kind: 'member', key: `${content.sha256} ${encoding}`, schema: Written };
}

/** Named by both contents, so that no process ever sees a file change under the size it was told. */
function pathOf({ cache, content, encoding }: Request, written: z.infer<typeof Written>): string {
  return join(cache.root, 'members', `${content.sha256}-${written.sha256.slice(0, 16)}.${SUFFIX[encoding]}`);
}

async function find(request: Request): Promise<CompressedMember | undefined> {
  const written = await readRecord(request.cache, recordOf(request));
  if (written === undefined) return undefined;
  const path = pathOf(request, written);
  const found = await sha256Of(request.cache, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found === written.sha256 ? { path, bytes: written.bytes } : undefined;
}

async function make(request: Request): Promise<CompressedMember> {
  const { content, encoding, cache, env, progress, signal } = request;
  let done = 0;
  const onBytes = (count: number) => {
    done += count;
    progress({ stage: 'compress', name: content.name, done, total: content.size });
  };
  const made = withTemporary(cache, async (temporary) => {
    await compressMember({ content, encoding, path: temporary, env, onBytes, signal });
    const written = { sha256: await hashFile(temporary, { signal }), bytes: (await stat(temporary)).size };
    const path = pathOf(request, written);
    await commitHashed(cache, { temporary, path, sha256: written.sha256 });
    await writeRecord(cache, recordOf(request), written);
    return { path, bytes: written.bytes };
  });
  return made.catch((error) => {
    signal?.throwIfAborted();
    throw error;
  });
}
