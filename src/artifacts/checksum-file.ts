import { z } from 'zod';

/** A SHA-256 in lower-case hex. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * Finds a file's SHA-256 in a checksum file of either form upstream publishes: the bare digest (Kubernetes), or lines
 * `digest  name` as sha256sum writes and reads them (etcd's SHA256SUMS, the CNI plugins). Names are compared by their
 * last component, because a list may have been made one directory up.
 *
 * @returns lower-case hex, or undefined when the text says nothing about the file.
 */
export function checksumOf(text: string, fileName: string): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const [only] = lines;
  if (lines.length === 1 && only !== undefined && /^\s*[0-9a-f]{64}\s*$/i.test(only)) return only.trim().toLowerCase();
  for (const line of lines) {
    const match = /^([0-9a-f]{64})\s+\*?(.+?)\s*$/i.exec(line);
    if (match?.[2]?.split('/').at(-1) === fileName) return match[1]?.toLowerCase();
  }
  return undefined;
}

/** The text of a checksum file in which a file's SHA-256 is added, or put right. */
export function withChecksum(text: string, { fileName, sha256 }: { fileName: string; sha256: string }): string {
  const others = text.split(/\r?\n/).filter((line) => line.trim() !== '' && checksumOf(line, fileName) === undefined);
  return [...others, `${sha256}  ${fileName}`, ''].join('\n');
}
