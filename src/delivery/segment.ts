/** How bytes are compressed on the way; what the node can decompress decides. */
export type Encoding = 'zstd' | 'gzip';

/** One line of a segment's manifest: where the tar entry goes and what it must be. */
export interface ManifestEntry {
  sha256: string;
  mode: number;
  /** Name of the entry in the tar stream. */
  entry: string;
  path: string;
}

/** A part of the stream that is verified, installed and acknowledged as a whole. */
export interface Segment {
  /** Lower-case word, unique in the stream. */
  id: string;
  entries: ManifestEntry[];
  encoding: Encoding;
  /** Exact number of bytes `body` yields. */
  bodyBytes: number;
  /** Compressed tar members and the end of the archive, one after the other. */
  body: () => AsyncIterable<Buffer>;
}

export function manifestText(entries: readonly ManifestEntry[]): string {
  return entries.map(({ sha256, mode, entry, path }) => `${sha256} ${mode.toString(8)} ${entry} ${path}\n`).join('');
}
