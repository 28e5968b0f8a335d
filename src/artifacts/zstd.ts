import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable, Transform, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { DisklessError } from '../errors.js';
import { findCommand } from './find-command.js';

/** The zstd part of node:zlib, from Node 22.15 and 23.8 on; the types in use are Node 20's. */
interface ZstdZlib {
  createZstdCompress(options: { params: Record<number, number> }): Transform;
  zstdCompressSync(data: Buffer, options: { params: Record<number, number> }): Buffer;
  constants: { ZSTD_c_compressionLevel: number; ZSTD_c_checksumFlag: number };
}

export const builtinZstd: ZstdZlib | undefined =
  'createZstdCompress' in zlib ? (zlib as unknown as ZstdZlib) : undefined;

export interface CompressOptions {
  source: AsyncIterable<Buffer>;
  /** Written from its start. */
  path: string;
  level: number;
  signal?: AbortSignal | undefined;
}

/** Compresses into one frame with a checksum, by a way this machine has; undefined when it has none. */
export async function findZstd(
  env: NodeJS.ProcessEnv,
): Promise<((options: CompressOptions) => Promise<void>) | undefined> {
  if (builtinZstd !== undefined) return zstdByZlib(builtinZstd);
  const command = await findCommand('zstd', env);
  return command === undefined ? undefined : zstdByCommand(command);
}

export function zstdByZlib(library: ZstdZlib) {
  return async ({ source, path, level, signal }: CompressOptions): Promise<void> => {
    const compress = library.createZstdCompress({ params: zstdParameters(library, level) });
    await pipeline(source, compress, createWriteStream(path), { ...(signal && { signal }) });
  };
}

export function zstdParameters({ constants }: ZstdZlib, level: number): Record<number, number> {
  return { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
}

/** One thread: several artifacts are compressed at once, and independent ones scale better than split ones. */
export function zstdByCommand(command: string) {
  return async ({ source, path, level, signal }: CompressOptions): Promise<void> => {
    const output = await open(path, 'w');
    try {
      const child = startZstd(command, level, output.fd);
      const ended = exitOf(child);
      const fed = pipeline(source, child.stdin, { ...(signal && { signal }) }).catch((error) => {
        child.kill();
        throw error;
      });
      const [exit, feed] = await Promise.allSettled([ended, fed]);
      signal?.throwIfAborted();
      // A compressor that fails also breaks the pipe to it: its own words come first.
      if (exit.status === 'rejected' && feedBroke(feed)) throw exit.reason;
      if (feed.status === 'rejected') throw feed.reason;
      if (exit.status === 'rejected') throw exit.reason;
    } finally {
      await output.close();
    }
  };
}

type Compressor = ChildProcessByStdio<Writable, null, Readable>;

function startZstd(command: string, level: number, output: number): Compressor {
  const stdio = ['pipe', output, 'pipe'] as const;
  return spawn(command, ['-q', '-c', '-T1', `-${level}`], { stdio: [...stdio] }) as Compressor;
}

function feedBroke(feed: PromiseSettledResult<void>): boolean {
  return (
    feed.status === 'rejected' && ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(feed.reason?.code)
  );
}

async function exitOf(child: Compressor): Promise<void> {
  const complaint = text(child.stderr);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code === 0) return;
  throw new DisklessError({
    code: 'compress-failed',
    message: `zstd ended with ${code === null ? 'a signal' : `exit code ${code}`}`,
    detail: (await complaint).trim(),
    hint: 'check free space in the cache directory (XDG_CACHE_HOME)',
  });
}
