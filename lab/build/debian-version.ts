import { DisklessError } from '../../src/errors.js';

/**
 * Upstream's version inside a Debian version: epoch, revision and the marks for repacking and rebuilding taken off.
 * `1.20.5+really1.20.2-1.1+deb12u1` is 1.20.2 in truth (Debian Policy 3.2.1: versions cannot go back, so they say "really").
 */
export function upstreamVersion(debianVersion: string): string {
  const withoutEpoch = debianVersion.replace(/^\d+:/, '');
  const upstream = withoutEpoch.replace(/-[^-]*$/, '');
  const real = /\+really(.+)$/.exec(upstream)?.[1] ?? upstream;
  return real.replace(/[+~](dfsg|ds|repack).*$/, '');
}

/** Version of a downloaded source package, from the name of its `.dsc` (`NAME_VERSION.dsc`). */
export function sourceVersion(fileNames: readonly string[]): string {
  return versionIn(fileNames, /^[^_]+_(.+)\.dsc$/);
}

/** Version of a downloaded binary package, from the name of its `.deb` (`NAME_VERSION_ARCH.deb`, epoch as %3a). */
export function binaryVersion(fileName: string): string {
  return versionIn([fileName], /^[^_]+_([^_]+)_[^_]+\.deb$/);
}

function versionIn(fileNames: readonly string[], pattern: RegExp): string {
  const encoded = fileNames.map((name) => pattern.exec(name)?.[1]).find((version) => version !== undefined);
  if (encoded !== undefined) return decodeURIComponent(encoded);
  throw new DisklessError({
    code: 'lab-package-missing',
    message: `no Debian package among the downloaded files (${fileNames.join(', ') || 'none'})`,
  });
}
