/** 10 MB/s: an old disk or processor under load. */
const SLOWEST_BYTES_PER_MS = 10_000;

/** How long work may take that goes through so many bytes on a node, in milliseconds. */
export function timeLimit({ baseMs, bytes }: { baseMs: number; bytes: number }): number {
  return baseMs + Math.ceil(bytes / SLOWEST_BYTES_PER_MS);
}
