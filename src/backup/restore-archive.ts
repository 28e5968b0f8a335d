import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { compressMember } from '../artifacts/compress.js';
import { fileContent } from '../artifacts/content.js';
import { hashFile } from '../artifacts/remembered.js';
import type { ContentSource } from '../delivery/content-source.js';
import type { Encoding } from '../delivery/segment.js';
import type { SnapshotInfo } from './snapshot-info.js';
import { databasePath, type SnapshotStore } from './snapshot-store.js';

/** A snapshot and the tool that makes a data directory of it: a compressed archive, each under its SHA-256. */
export interface RestoreArchive {
  tool: string;
  snapshot: string;
  /** Once for each node. */
  read(): AsyncIterable<Buffer>;
}

export interface RestoreArchiveOptions {
  store: SnapshotStore;
  snapshot: SnapshotInfo;
  content: ContentSource;
  /** Of the node, by Go's name. */
  arch: string;
  encoding: Encoding;
  /** A private directory: it holds secrets until `removeArchive`. */
  directory: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Compressed once, into a file of the operator's. @throws DisklessError of a tool that cannot be had */
export async function restoreArchive(options: RestoreArchiveOptions): Promise<RestoreArchive> {
  const { store, snapshot, content, arch, encoding, env, signal } = options;
  const tool = await content.etcdutl(snapshot.etcd, arch);
  const path = databasePath(store, snapshot.id);
  const file = {
    name: `snapshot ${snapshot.id}`,
    path,
    size: snapshot.sizeBytes,
    sha256: await hashFile(path, { signal }),
  };
  const compressed = archivePath(options);
  await compressMember({ content: fileContent(file), encoding, path: compressed, env, onBytes: () => {}, signal });
  const member = await content.member(tool.sha256, encoding);
  return {
    tool: tool.sha256,
    snapshot: file.sha256,
    async *read() {
      yield* member.read();
      yield* createReadStream(compressed) as AsyncIterable<Buffer>;
      yield content.endOfArchive(encoding);
    },
  };
}

export async function removeArchive(
  options: Pick<RestoreArchiveOptions, 'directory' | 'snapshot' | 'encoding'>,
): Promise<void> {
  await rm(archivePath(options), { force: true });
}

function archivePath({
  directory,
  snapshot,
  encoding,
}: Pick<RestoreArchiveOptions, 'directory' | 'snapshot' | 'encoding'>) {
  return `${directory}/snapshot-${snapshot.id}.tar.${encoding}`;
}
