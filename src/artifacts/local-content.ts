import { open } from 'node:fs/promises';
import type { Role } from '../config/spec.js';
import type { ContentSource } from '../delivery/content-source.js';
import { usageError } from '../errors.js';
import type { Cache } from './cache.js';
import { ARCHITECTURES, type Arch, type ArtifactVersions } from './catalogue.js';
import { endOfArchive, operatorEncodings, packSmallFiles } from './compress.js';
import { fileContent } from './content.js';
import { etcdutl } from './etcdutl.js';
import type { ImageArchive } from './image-archive.js';
import { imageContent, imagesForArch, readImages } from './images.js';
import { type MemberStore, memberStore } from './members.js';
import type { OnArtifactProgress } from './progress.js';
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
 * The content pushed over SSH by this machine: obtained and verified when first asked for, compressed when first sent,
 * and taken from the cache afterwards, in this run and later ones.
 */
export async function localContent(options: LocalContentOptions): Promise<ContentSource> {
  const encodings = await operatorEncodings(options.env);
  const members = memberStore(options);
  const readChunks = chunkReader();
  const artifacts = sharedWork((arch: string) => artifactsOf(arch, { ...options, members }), String);
  const archives = sharedWork(() => archivesOf({ ...options, members }), String);
  return {
    canZstd: encodings.includes('zstd'),
    artifacts,
    async images(arch?: string) {
      const all = await archives(undefined);
      const wanted = arch === undefined ? all : imagesForArch(all, arch);
      return wanted.map(({ sha256, size, references }) => ({ sha256, size, references }));
    },
    async etcdutl(version, arch) {
      const tool = await etcdutl({ ...options, version, arch: architecture(arch) });
      members.add([fileContent({ name: 'etcdutl', ...tool })]);
      return tool;
    },
    async member(sha256, encoding) {
      const { path, bytes } = await members.memberOf(sha256, encoding);
      return { bytes, read: () => readChunks(path) };
    },
    pack: packSmallFiles,
    endOfArchive,
  };
}

interface Options extends LocalContentOptions {
  members: MemberStore;
}

const ALL_ROLES: ReadonlySet<Role> = new Set(['control-plane', 'worker']);

function architecture(name: string): Arch {
  const arch = ARCHITECTURES.find((known) => known === name);
  if (arch !== undefined) return arch;
  throw usageError({
    code: 'architecture-unsupported',
    message: `there are no artifacts for the architecture ${name}`,
    hint: `nodes must be ${ARCHITECTURES.join(' or ')}`,
  });
}

async function artifactsOf(name: string, options: Options): Promise<ReadonlyMap<string, LocalFile>> {
  const files = await resolveArtifacts({ ...options, arch: architecture(name), roles: ALL_ROLES });
  options.members.add([...files].map(([file, local]) => fileContent({ name: file, ...local })));
  return files;
}

async function archivesOf(options: Options): Promise<ImageArchive[]> {
  if (options.images === undefined) return [];
  const archives = await readImages({ ...options, directory: options.images });
  options.members.add(archives.map(imageContent));
  return archives;
}

const CHUNK = { most: 512 * 1024, least: 64 * 1024 };
/** Of all readers together, about: few nodes get large chunks, which cost the least CPU, many nodes small ones. */
const CHUNKS_BYTES = 8 * 1024 * 1024;

/**
 * Reads files through one buffer each: with fifty nodes at once, streams of Node's (two chunks each, and all they ever
 * read left to the collector) take twice the memory.
 */
function chunkReader(): (path: string) => AsyncGenerator<Buffer> {
  let readers = 0;
  return async function* (path) {
    const file = await open(path);
    readers += 1;
    try {
      const share = Math.floor(CHUNKS_BYTES / readers);
      const chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK.least, Math.min(CHUNK.most, share)));
      for (;;) {
        const { bytesRead } = await file.read(chunk);
        if (bytesRead === 0) return;
        yield chunk.subarray(0, bytesRead);
      }
    } finally {
      readers -= 1;
      await file.close();
    }
  };
}
