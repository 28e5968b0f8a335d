import { isDeepStrictEqual } from 'node:util';
import type { Cache } from '../../artifacts/cache.js';
import { type DownloadSettings, downloadBlob, downloadSha512, downloadSmall } from '../../artifacts/download.js';
import type { OnArtifactProgress } from '../../artifacts/progress.js';
import type { LocalFile } from '../../artifacts/source.js';
import { usageError } from '../../errors.js';
import type { OsDriver } from '../os/os-driver.js';
import type { BootSettings } from '../settings.js';
import { type FetchedRelease, fetchedReleases, recordFetched, type Shelf } from './fetched.js';
import { fileNameOf, type ReleaseServer, type RemoteImage } from './os-release.js';
import { downloadError } from './release-server.js';
import type { SignatureChecker } from './signature.js';

export interface FetchInput {
  settings: Pick<BootSettings, 'os' | 'channel' | 'version' | 'arch'>;
  server: ReleaseServer;
  cache: Cache;
  download: DownloadSettings;
  /** Absent: signatures are not checked. */
  signatures?: SignatureChecker;
  progress: OnArtifactProgress;
  signal?: AbortSignal;
}

/**
 * Brings an operating system's images into the cache; what is there already is not fetched again, but its signature is
 * checked all the same. It is recorded only when everything is there and found good.
 *
 * @throws DisklessError `os-not-downloadable`, `os-release-missing`, `os-release-unreadable`, `download-failed`,
 * `artifact-corrupt`, `signature-invalid`
 */
export async function fetchRelease(input: FetchInput): Promise<FetchedRelease> {
  const { settings, server, cache } = input;
  const { os, channel, version, arch } = settings;
  if (os.findRelease === undefined) throw notDownloadable(os);
  const found = await os.findRelease({ channel, arch, server, ...(version !== undefined && { version }) });
  const files = await Promise.all(found.images.map((image) => obtain(image, input)));
  const images = files.map(({ signedBy: _signer, ...image }) => image);
  const shelf = { cache, os: os.name, arch };
  const signedBy = files[0]?.signedBy ?? (await earlierSigner(shelf, images));
  const release: FetchedRelease = { channel, version: found.version, signedBy, images };
  await recordFetched(shelf, release);
  return release;
}

/** These very files may have been checked before: what was found out then still holds. */
async function earlierSigner(shelf: Shelf, images: FetchedRelease['images']): Promise<string | null> {
  const same = (await fetchedReleases(shelf)).find((release) => isDeepStrictEqual(release.images, images));
  return same?.signedBy ?? null;
}

async function obtain(image: RemoteImage, input: FetchInput) {
  const { server, signal } = input;
  const url = server.locate(image.url);
  try {
    const { path, sha256, size } = await fetchImage(image, url, input);
    const signedBy = await checkSignature(image, path, input);
    return { role: image.role, file: fileNameOf(image.url), sha256, size, signedBy };
  } catch (error) {
    signal?.throwIfAborted();
    throw downloadError(url, server.title, error);
  }
}

async function fetchImage({ digest }: RemoteImage, url: URL, input: FetchInput): Promise<LocalFile> {
  const { cache, download: settings, progress, signal } = input;
  const name = fileNameOf(url.pathname);
  const onProgress = (done: number, total: number) => progress({ stage: 'download', name, done, total });
  const common = { url, cache, settings, signal, onProgress };
  if (digest.algorithm === 'sha512') return downloadSha512({ ...common, sha512: digest.hex });
  return { ...(await downloadBlob({ ...common, sha256: digest.hex })), sha256: digest.hex };
}

async function checkSignature(image: RemoteImage, path: string, input: FetchInput): Promise<string | null> {
  const { signatures, server, download: settings, signal } = input;
  if (signatures === undefined) return null;
  const url = server.locate(image.signature);
  const signature = await downloadSmall({ url, settings, signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw downloadError(url, server.title, error);
  });
  return signatures.check({ name: fileNameOf(image.url), path, signature, ...(signal && { signal }) });
}

function notDownloadable({ title }: OsDriver): Error {
  return usageError({
    code: 'os-not-downloadable',
    message: `${title} cannot be downloaded from anywhere known`,
    hint: 'name its files: boot serve --os generic --kernel FILE --initrd FILE, or their directory: --os-images DIR',
  });
}
