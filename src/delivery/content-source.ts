import type { ArtifactFile } from '../components/context.js';
import type { DesiredImage } from '../plan/desired.js';
import type { Encoding } from './segment.js';

/** Content of an artifact or image archive as one compressed tar member, by SHA-256. */
export interface CompressedMember {
  bytes: number;
  read: () => AsyncIterable<Buffer>;
}

/** Where pushed bytes come from; the plan knows them by hash only. */
export interface ContentSource {
  /** false where the operator has no zstd: nodes then get gzip. */
  readonly canZstd: boolean;
  /** Go architecture name → binary name → content. Prepared (downloaded, verified, compressed) on first use. */
  artifacts(arch: string): Promise<ReadonlyMap<string, ArtifactFile>>;
  images(): Promise<DesiredImage[]>;
  member(sha256: string, encoding: Encoding): Promise<CompressedMember>;
  pack(files: readonly { entry: string; mode: number; content: Buffer }[], encoding: Encoding): Promise<Buffer>;
  endOfArchive(encoding: Encoding): Buffer;
}
