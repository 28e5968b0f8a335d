import { DisklessError } from '../../src/errors.js';

/** Version of a downloaded binary package, from the name of its `.deb` (`NAME_VERSION_ARCH.deb`, epoch as %3a). */
export function binaryVersion(fileName: string): string {
  const encoded = /^[^_]+_([^_]+)_[^_]+\.deb$/.exec(fileName)?.[1];
  if (encoded !== undefined) return decodeURIComponent(encoded);
  throw new DisklessError({
    code: 'lab-package-missing',
    message: `no Debian package among the downloaded files (${fileName || 'none'})`,
  });
}
