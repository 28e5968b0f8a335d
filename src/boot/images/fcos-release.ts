import { z } from 'zod';
import { Sha256 } from '../../artifacts/checksum-file.js';
import { osVersion } from '../../config/boot-scalars.js';
import { DisklessError } from '../../errors.js';
import type { ImageRole } from './image-set.js';
import { fileNameOf, type OsRelease, type ReleaseFinder, type ReleaseQuery } from './os-release.js';

const BASE = 'https://builds.coreos.fedoraproject.org';
/** Fedora's names of architectures. */
export const RPM_ARCH = { amd64: 'x86_64', arm64: 'aarch64' } as const;
const ROLES: Readonly<Record<'kernel' | 'initramfs' | 'rootfs', ImageRole>> = {
  kernel: 'kernel',
  initramfs: 'initrd',
  rootfs: 'rootfs',
};

/*
 * The parts of https://github.com/coreos/stream-metadata-go (stream.go, release/release.go) that tell PXE's images. A
 * release becomes the name of a file in the cache.
 */
const artifact = z.object({ location: z.string(), signature: z.string(), sha256: Sha256 });
const pxe = z.object({ kernel: artifact, initramfs: artifact, rootfs: artifact });
const streamMetadata = z.object({
  architectures: z.record(
    z.string(),
    z.object({ artifacts: z.object({ metal: z.object({ release: osVersion, formats: z.object({ pxe }) }) }) }),
  ),
});
const releaseMetadata = z.object({
  release: osVersion,
  architectures: z.record(
    z.string(),
    z.object({ media: z.object({ metal: z.object({ artifacts: z.object({ pxe }) }) }) }),
  ),
});

/** The stream's metadata tells its newest release; an older one has metadata of its own. */
export const findFcosRelease: ReleaseFinder = async (query) => {
  const { channel, version, arch } = query;
  const rpmArch = RPM_ARCH[arch];
  if (version === undefined) {
    const url = `${BASE}/streams/${channel}.json`;
    const metal = (await metadata(query, url, streamMetadata)).architectures[rpmArch]?.artifacts.metal;
    return metal === undefined ? noImages(query, url) : release(query, metal.release, metal.formats.pxe);
  }
  const url = `${BASE}/prod/streams/${channel}/builds/${version}/release.json`;
  const found = await metadata(query, url, releaseMetadata);
  if (found.release !== version) {
    throw unreadable(query, query.server.locate(url).href, `is of the release ${found.release}, not ${version}`);
  }
  const metal = found.architectures[rpmArch]?.media.metal;
  return metal === undefined ? noImages(query, url) : release(query, found.release, metal.artifacts.pxe);
};

function release(query: ReleaseQuery, version: string, images: z.infer<typeof pxe>): OsRelease {
  const roles = Object.entries(ROLES) as [keyof typeof ROLES, ImageRole][];
  return {
    version,
    images: roles.map(([name, role]) => {
      const { location, signature, sha256 } = images[name];
      // The metadata names the files; it must not send us anywhere else.
      if (!location.startsWith(`${BASE}/`) || !signature.startsWith(`${BASE}/`)) {
        throw unreadable(query, fileNameOf(location), `lies outside ${BASE}`);
      }
      return { role, url: location, digest: { algorithm: 'sha256', hex: sha256 }, signature };
    }),
  };
}

async function metadata<T>(query: ReleaseQuery, url: string, schema: z.ZodType<T>): Promise<T> {
  const text = await query.server.text(url);
  const { data, error } = schema.safeParse(parsed(text));
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  throw unreadable(query, query.server.locate(url).href, `is not the metadata expected, at ${issue?.path.join('.')}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noImages(query: ReleaseQuery, url: string): never {
  throw unreadable(query, query.server.locate(url).href, `names no images of ${RPM_ARCH[query.arch]}`);
}

function unreadable({ server }: ReleaseQuery, what: string, problem: string): DisklessError {
  return new DisklessError({
    code: 'os-release-unreadable',
    message: `${what} ${problem} (from ${server.title})`,
    hint: 'something else answers in place of the release server, or its format has changed; check the proxy and --mirror',
  });
}
