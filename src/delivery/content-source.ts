import type { ArtifactFile, DesiredImage } from '../node/desired.js';
import type { Encoding } from './segment.js';

/** Content of an artifact or image archive as one compressed tar member. */
export interface CompressedMember {
  bytes: number;
  /** A chunk holds its bytes only until the next one is asked for. */
  read: () => AsyncIterable<Buffer>;
}

/** Where pushed bytes come from; the plan knows them by hash only. */
export interface ContentSource {
  /** false where the operator has no zstd: nodes then get gzip. */
  readonly canZstd: boolean;
  /** Binary name → content for one of Go's architecture names; downloaded and verified on first use. */
  artifacts(arch: string): Promise<ReadonlyMap<string, ArtifactFile>>;
  /** Image archives for one architecture, or all of them. */
  images(arch?: string): Promise<DesiredImage[]>;
  /** The tool of this etcd that makes data directories out of snapshots; from the cache, or fetched. */
  etcdutl(version: string, arch: string): Promise<ArtifactFile>;
  member(sha256: string, encoding: Encoding): Promise<CompressedMember>;
  pack(files: readonly { entry: string; mode: number; content: Buffer }[], encoding: Encoding): Promise<Buffer>;
  endOfArchive(encoding: Encoding): Buffer;
}
