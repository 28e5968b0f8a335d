import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compressMember } from '../artifacts/compress.js';
import { fileContent } from '../artifacts/content.js';
import { hashFile } from '../artifacts/remembered.js';
import type { CompressedMember, ContentSource } from '../delivery/content-source.js';
import type { Encoding } from '../delivery/segment.js';
import { temporaryBeside } from '../state/atomic-write.js';
import type { SnapshotInfo } from './snapshot-info.js';
import { databasePath, type SnapshotStore } from './snapshot-store.js';

/** The snapshot, and the database that etcdutl makes of it. */
const COPIES = 2;
/** etcd preallocates a segment of its log (etcd, server/storage/wal). */
const WAL_BYTES = 64 * 1024 * 1024;

/** A snapshot and the tool that makes a data directory of it: a compressed archive, each under its SHA-256. */
export interface RestoreArchive {
  tool: string;
  snapshot: string;
  /** Of the snapshot's last write; decimal. */
  revision: string;
  /** On a node, at the peak of what it does there. */
  peakBytes: number;
  /** Once for each node. */
  read(): AsyncIterable<Buffer>;
  /** The file that it is read from goes. */
  remove(): Promise<void>;
}

export interface RestoreArchiveOptions {
  store: SnapshotStore;
  snapshot: SnapshotInfo;
  content: ContentSource;
  /** Of the node, by Go's name. */
  arch: string;
  encoding: Encoding;
  /** A private directory, in which what a killed run leaves is swept by the next: it holds the cluster's secrets. */
  directory: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Compressed once, into a file of the operator's. @throws DisklessError of a tool that cannot be had */
export async function restoreArchive(options: RestoreArchiveOptions): Promise<RestoreArchive> {
  const { store, snapshot, content, arch, encoding, directory, env, signal } = options;
  const tool = await content.etcdutl(snapshot.etcd, arch);
  const path = databasePath(store, snapshot.id);
  const file = {
    name: `snapshot ${snapshot.id}`,
    path,
    size: snapshot.sizeBytes,
    sha256: await hashFile(path, { signal }),
  };
  const compressed = temporaryBeside(join(directory, `snapshot-${snapshot.id}.tar`));
  try {
    await compressMember({ content: fileContent(file), encoding, path: compressed, env, onBytes: () => {}, signal });
    const member = await content.member(tool.sha256, encoding);
    return archiveIn(compressed, {
      peakBytes: tool.size + COPIES * snapshot.sizeBytes + WAL_BYTES,
      tool: tool.sha256,
      snapshot: file.sha256,
      revision: snapshot.revision,
      member,
      end: content.endOfArchive(encoding),
    });
  } catch (error) {
    await rm(compressed, { force: true });
    throw error;
  }
}

interface Parts {
  peakBytes: number;
  tool: string;
  snapshot: string;
  revision: string;
  /** The tool, compressed. */
  member: CompressedMember;
  end: Buffer;
}

function archiveIn(compressed: string, { peakBytes, tool, snapshot, revision, member, end }: Parts): RestoreArchive {
  return {
    peakBytes,
    tool,
    snapshot,
    revision,
    async *read() {
      yield* member.read();
      yield* createReadStream(compressed) as AsyncIterable<Buffer>;
      yield end;
    },
    remove: () => rm(compressed, { force: true }),
  };
}
