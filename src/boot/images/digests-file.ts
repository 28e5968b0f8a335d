/**
 * A file's SHA-512 in a DIGESTS file as Gentoo and Flatcar write it: a heading `# SHA512 HASH`, then lines as sha512sum
 * has them; MD5 and SHA-1 stand there as well.
 *
 * @returns lower-case hex; undefined when the text has none for the file
 */
export function sha512InDigests(text: string, fileName: string): string | undefined {
  for (const line of text.split(/\r?\n/)) {
    const [, hex, name] = /^([0-9a-f]{128})\s+\*?(.+?)\s*$/i.exec(line) ?? [];
    if (name?.split('/').at(-1) === fileName) return hex?.toLowerCase();
  }
  return undefined;
}
