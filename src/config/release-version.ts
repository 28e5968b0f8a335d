/** `1.37.2` as numbers; undefined for anything but a final release (pre-releases are never a default). */
export function parseReleaseVersion(text: string): readonly number[] | undefined {
  return /^\d+\.\d+\.\d+$/.test(text) ? text.split('.').map(Number) : undefined;
}

/** Sort order of final releases, newest first. */
export function newestFirst(left: string, right: string): number {
  const a = parseReleaseVersion(left) ?? [];
  const b = parseReleaseVersion(right) ?? [];
  const unequal = [0, 1, 2].find((index) => a[index] !== b[index]);
  return unequal === undefined ? 0 : (b[unequal] ?? -1) - (a[unequal] ?? -1);
}
