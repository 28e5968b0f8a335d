import { createReadStream } from 'node:fs';
import type { Role } from '../config/spec.js';
import type { ContentSource } from '../delivery/content-source.js';
import type { Encoding } from '../delivery/segment.js';
import { usageError } from '../errors.js';
import type { Cache } from './cache.js';
import { ARCHITECTURES, type ArtifactVersions } from './catalogue.js';
import { endOfArchive, operatorEncodings, packSmallFiles } from './compress.js';
import { fileContent } from './content.js';
import type { ImageArchive } from './image-archive.js';
import { imageContent, imagesForArch, readImages } from './images.js';
import { type MemberStore, memberStore } from './members.js';
import type { OnArtifactProgress } from './progress.js';
import { READ_SIZE } from './remembered.js';
import { resolveArtifacts } from './resolve-artifacts.js';
import { sharedWork } from './shared-work.js';
import type { ArtifactSource, LocalFile } from './source.js';

export interface LocalContentOptions {
  versions: ArtifactVersions;
  source: ArtifactSource;
  cache: Cache;
  env: NodeJS.ProcessEnv;
  /** `--images DIR` */
  images?: string;
  progress: OnArtifactProgress;
  signal?: AbortSignal | undefined;
}

/**
 * The content pushed over SSH by this machine: obtained, verified and compressed when first asked for, and afterwards,
 * in this run and later ones, taken from the cache.
 */
export async function localContent(options: LocalContentOptions): Promise<ContentSource> {
  const encodings = await operatorEncodings(options.env);
  const members = memberStore(options);
  const prepare = { ...options, members, encoding: encodings[0] ?? 'gzip' };
  const artifacts = sharedWork((arch: string) => prepareArtifacts(prepare, arch), String);
  const archives = sharedWork(() => prepareImages(prepare), String);
  return {
    canZstd: encodings.includes('zstd'),
    artifacts,
    async images(arch?: string) {
      const all = await archives(undefined);
      const wanted = arch === undefined ? all : imagesForArch(all, arch);
      return wanted.map(({ sha256, size, references }) => ({ sha256, size, references }));
    },
    async member(sha256, encoding) {
      const { path, bytes } = await members.memberOf(sha256, encoding);
      return { bytes, read: () => createReadStream(path, { highWaterMark: READ_SIZE }) };
    },
    pack: packSmallFiles,
    endOfArchive,
  };
}

interface Preparation extends LocalContentOptions {
  members: MemberStore;
  /** Made ready at once; others when a node asks for them. */
  encoding: Encoding;
}

const ALL_ROLES: ReadonlySet<Role> = new Set(['control-plane', 'worker']);

async function prepareArtifacts(options: Preparation, name: string): Promise<ReadonlyMap<string, LocalFile>> {
  const arch = ARCHITECTURES.find((known) => known === name);
  if (arch === undefined) {
    throw usageError({
      code: 'architecture-unsupported',
      message: `there are no artifacts for the architecture ${name}`,
      hint: `nodes must be ${ARCHITECTURES.join(' or ')}`,
    });
  }
  const files = await resolveArtifacts({ ...options, arch, roles: ALL_ROLES });
  await compressAll(
    options,
    [...files].map(([file, local]) => fileContent({ name: file, ...local })),
  );
  return files;
}

async function prepareImages(options: Preparation): Promise<ImageArchive[]> {
  if (options.images === undefined) return [];
  const archives = await readImages({ ...options, directory: options.images });
  await compressAll(options, archives.map(imageContent));
  return archives;
}

async function compressAll(
  { members, encoding }: Preparation,
  contents: ReturnType<typeof fileContent>[],
): Promise<void> {
  members.add(contents);
  // The largest first: the last one running then is a small one.
  const largestFirst = contents.toSorted((a, b) => b.size - a.size);
  await Promise.all(largestFirst.map(({ sha256 }) => members.memberOf(sha256, encoding)));
}
