import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Cache } from '../../artifacts/cache.js';
import { findBlob } from '../../artifacts/remembered.js';
import { usageError } from '../../errors.js';
import type { OsDriver } from '../os/os-driver.js';
import type { BootSettings } from '../settings.js';
import { imagesInDirectory } from './directory-images.js';
import { type FetchedRelease, fetchedReleases } from './fetched.js';
import type { BootImage, ImageSet } from './image-set.js';
import { openSignatureChecker } from './signature.js';

/**
 * The images to serve: the files named, else those of the directory named, else what `boot fetch` brought into the
 * cache, the newest of the channel.
 *
 * @param env Where to look for gpgv, which checks the signatures of a directory's files.
 * @throws usage error (exit 2) that tells how to get what is missing
 */
export async function findImages(settings: BootSettings, cache: Cache, env: NodeJS.ProcessEnv): Promise<ImageSet> {
  const { os, images, kernel, initrd, keyring } = settings;
  if (kernel !== undefined && initrd !== undefined) return namedFiles(os, { kernel, initrd });
  if (images === undefined) return fromCache(settings, cache);
  const signatures = keyring === undefined ? undefined : await openSignatureChecker(keyring, env);
  return imagesInDirectory({ directory: resolve(images), settings, cache, ...(signatures && { signatures }) });
}

async function namedFiles(os: OsDriver, files: { kernel: string; initrd: string }): Promise<ImageSet> {
  const roles = ['kernel', 'initrd'] as const;
  const images = await Promise.all(
    roles.map(async (role): Promise<BootImage> => {
      const path = resolve(files[role]);
      const stats = await stat(path).catch(() => undefined);
      if (!stats?.isFile()) {
        const message = `the ${role} ${path} is not there`;
        throw usageError({ code: 'boot-image-missing', message, hint: `check the path given with --${role}` });
      }
      const name = os.images.find((image) => image.role === role)?.name ?? role;
      return { role, name, path, size: stats.size };
    }),
  );
  return { title: os.title, trust: 'unchecked', images };
}

async function fromCache({ os, arch, channel, version }: BootSettings, cache: Cache): Promise<ImageSet> {
  const fetched = await fetchedReleases({ cache, os: os.name, arch });
  const release = fetched.find((each) => (version === undefined ? each.channel === channel : each.version === version));
  if (release === undefined) throw notFetched({ os, channel, version, arch }, fetched);
  const images = await Promise.all(os.images.map((image) => ofBlob(image, { os, release, cache })));
  const trust = release.signedBy === null ? 'checksum' : 'signature';
  return { title: `${os.title} ${release.version}`, trust, images };
}

interface BlobPlace {
  os: OsDriver;
  release: FetchedRelease;
  cache: Cache;
}

async function ofBlob({ role, name }: OsDriver['images'][number], place: BlobPlace): Promise<BootImage> {
  const { os, release, cache } = place;
  const known = release.images.find((image) => image.role === role);
  const blob = known && (await findBlob(cache, known.sha256));
  if (known && blob) return { role, name, ...blob, sha256: known.sha256 };
  throw usageError({
    code: 'boot-image-missing',
    message: `the ${role} of ${os.title} ${release.version} is no longer in the cache ${cache.root}`,
    hint: `fetch it again: k8s-diskless boot fetch --os ${os.name} --os-version ${release.version} --keyring FILE`,
  });
}

type Wanted = Pick<BootSettings, 'os' | 'channel' | 'version' | 'arch'>;

function notFetched({ os, channel, version, arch }: Wanted, fetched: readonly FetchedRelease[]): Error {
  const which = [os.title, version ?? `of the channel ${channel}`, `for ${arch}`].join(' ');
  const downloadable = os.findRelease !== undefined;
  const options = version === undefined ? ` --channel ${channel}` : ` --os-version ${version}`;
  return usageError({
    code: 'boot-images-missing',
    message: downloadable ? `${which} has not been fetched` : `nothing says where the images of ${os.title} are`,
    ...(fetched.length > 0 && {
      detail: `fetched are:\n${fetched.map((each) => `${each.version} (${each.channel})`).join('\n')}`,
    }),
    hint: [
      ...(downloadable ? [`fetch it: k8s-diskless boot fetch --os ${os.name}${options} --keyring FILE`] : []),
      'name a directory that holds its files: --os-images DIR',
    ].join(', or '),
  });
}
