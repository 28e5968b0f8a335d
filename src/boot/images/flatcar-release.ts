import { DisklessError } from '../../errors.js';
import { sha512InDigests } from './digests-file.js';
import type { ImageRole } from './image-set.js';
import type { ReleaseFinder, ReleaseQuery, RemoteImage } from './os-release.js';

const FILES: readonly { role: ImageRole; file: string }[] = [
  { role: 'kernel', file: 'flatcar_production_pxe.vmlinuz' },
  { role: 'initrd', file: 'flatcar_production_pxe_image.cpio.gz' },
];

/** https://CHANNEL.release.flatcar-linux.net/ARCH-usr/VERSION/, where `current` stands for the channel's newest. */
export const findFlatcarRelease: ReleaseFinder = async (query) => {
  const version = query.version ?? (await currentVersion(query));
  const images = await Promise.all(FILES.map(({ role, file }) => remoteImage(query, { version, role, file })));
  return { version, images };
};

async function currentVersion(query: ReleaseQuery): Promise<string> {
  const url = `${baseUrl(query)}/current/version.txt`;
  const version = flatcarVersion(await query.server.text(url));
  if (version !== undefined) return version;
  throw unreadable(query, url, 'names no FLATCAR_VERSION');
}

/** `FLATCAR_VERSION=4593.2.5` of a version.txt. */
export function flatcarVersion(text: string): string | undefined {
  return /^(?:FLATCAR|COREOS)_VERSION=(\d+(?:\.\d+){2})$/m.exec(text)?.[1];
}

interface Wanted {
  version: string;
  role: ImageRole;
  file: string;
}

async function remoteImage(query: ReleaseQuery, { version, role, file }: Wanted): Promise<RemoteImage> {
  const url = `${baseUrl(query)}/${version}/${file}`;
  const hex = sha512InDigests(await query.server.text(`${url}.DIGESTS`), file);
  if (hex === undefined) throw unreadable(query, `${url}.DIGESTS`, `has no SHA-512 of ${file}`);
  return { role, url, digest: { algorithm: 'sha512', hex }, signature: `${url}.sig` };
}

function baseUrl({ channel, arch }: ReleaseQuery): string {
  return `https://${channel}.release.flatcar-linux.net/${arch}-usr`;
}

function unreadable({ server }: ReleaseQuery, url: string, problem: string): DisklessError {
  return new DisklessError({
    code: 'os-release-unreadable',
    message: `${server.locate(url).href} ${problem}`,
    hint: 'something else answers in place of the release server; check the proxy, or --mirror',
  });
}
