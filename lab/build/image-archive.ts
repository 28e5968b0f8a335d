import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { create } from 'tar';
import { sha256OfFile } from './sha256.js';

export interface Image {
  /** Full names, e.g. `registry.k8s.io/pause:3.10.2`. */
  references: readonly string[];
  /** From the lowest. Of a directory its files and links; a file is a tar, taken as it is. */
  layers: readonly string[];
  entrypoint: readonly string[];
  /** Arguments for the entrypoint where a pod has none. */
  command?: readonly string[];
  /** Default: root. */
  user?: string;
}

export interface ImageArchiveOptions {
  /** The archive to write. */
  file: string;
  /** A layer that several of them have is in the archive once. */
  images: readonly Image[];
}

/** The same files give the same bytes: order, owners and times do not come from the disk. */
const REPRODUCIBLE = { portable: true, mtime: new Date(0) } as const;

/**
 * Writes an image archive that is an OCI layout and a docker-archive at once, as `docker save` does today.
 * The layers are not compressed: whoever carries the archive compresses it as a whole.
 */
export async function writeImageArchive({ file, images }: ImageArchiveOptions): Promise<void> {
  const layout = await mkdtemp(join(tmpdir(), 'image-'));
  try {
    const blobs = join(layout, 'blobs/sha256');
    await mkdir(blobs, { recursive: true });
    const added = new Map<string, Blob>();
    const layerOf = async (path: string): Promise<Blob> => {
      const layer = added.get(path) ?? (await addLayer(blobs, path));
      added.set(path, layer);
      return layer;
    };
    const written: WrittenImage[] = [];
    for (const image of images) {
      const layers: Blob[] = [];
      for (const path of image.layers) layers.push(await layerOf(path));
      written.push(await writeImage(blobs, image, layers));
    }
    await writeFile(join(layout, 'oci-layout'), encode({ imageLayoutVersion: '1.0.0' }));
    await writeFile(join(layout, 'index.json'), encode(ociIndex(written)));
    await writeFile(join(layout, 'manifest.json'), encode(written.map(dockerManifest)));
    const entries = ['oci-layout', 'index.json', 'manifest.json', ...(await entriesBelow(layout, 'blobs'))];
    await create({ ...REPRODUCIBLE, cwd: layout, file }, entries);
  } finally {
    await rm(layout, { recursive: true, force: true });
  }
}

interface Blob {
  digest: string;
  size: number;
}

interface WrittenImage {
  references: readonly string[];
  manifest: Blob;
  config: Blob;
  layers: readonly Blob[];
}

async function addLayer(blobs: string, path: string): Promise<Blob> {
  const layer = join(blobs, 'layer');
  if ((await stat(path)).isDirectory()) {
    await create({ ...REPRODUCIBLE, cwd: path, file: layer }, await entriesBelow(path));
  } else {
    await copyFile(path, layer);
  }
  const hex = await sha256OfFile(layer);
  await rename(layer, join(blobs, hex));
  return { digest: `sha256:${hex}`, size: (await stat(join(blobs, hex))).size };
}

async function writeImage(blobs: string, image: Image, layers: readonly Blob[]): Promise<WrittenImage> {
  const config = await addDocument(blobs, imageConfig(image, layers));
  const manifest = await addDocument(blobs, ociManifest(config, layers));
  return { references: image.references, manifest, config, layers };
}

async function addDocument(blobs: string, value: unknown): Promise<Blob> {
  const content = encode(value);
  const hex = createHash('sha256').update(content).digest('hex');
  await writeFile(join(blobs, hex), content);
  return { digest: `sha256:${hex}`, size: content.length };
}

/** Files and links, sorted; directories come into being with what is in them. */
async function entriesBelow(base: string, below = '.'): Promise<string[]> {
  const entries = await readdir(join(base, below), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(base, join(entry.parentPath, entry.name)))
    .sort();
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function imageConfig({ entrypoint, command, user }: Image, layers: readonly Blob[]) {
  const more = { ...(command && { Cmd: command }), ...(user !== undefined && { User: user }) };
  return {
    architecture: 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Entrypoint: entrypoint, Env: [`PATH=${PATH}`], WorkingDir: '/', ...more },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  };
}

function ociManifest(config: Blob, layers: readonly Blob[]) {
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: layers.map((layer) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer })),
  };
}

function ociIndex(images: readonly WrittenImage[]) {
  const manifests = images.flatMap(({ references, manifest }) =>
    references.map((reference) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      ...manifest,
      platform: { architecture: 'amd64', os: 'linux' },
      annotations: {
        'io.containerd.image.name': reference,
        'org.opencontainers.image.ref.name': reference.replace(/^.*:/, ''),
      },
    })),
  );
  return { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
}

function dockerManifest({ config, layers, references }: WrittenImage) {
  const path = ({ digest }: Blob) => `blobs/${digest.replace(':', '/')}`;
  return { Config: path(config), RepoTags: references, Layers: layers.map(path) };
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
