import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { create } from 'tar';

export interface ImageArchiveOptions {
  /** The archive to write. */
  file: string;
  /** Directory that becomes the image's only layer. */
  root: string;
  /** Full names, e.g. `registry.k8s.io/pause:3.10.2`. */
  references: readonly string[];
  entrypoint: readonly string[];
}

/** The same files give the same bytes: order, owners and times do not come from the disk. */
const REPRODUCIBLE = { portable: true, mtime: new Date(0) } as const;

/**
 * Writes an image archive that is an OCI layout and a docker-archive at once, as `docker save` does today.
 * The layer is not compressed: whoever carries the archive compresses it as a whole.
 */
export async function writeImageArchive(options: ImageArchiveOptions): Promise<void> {
  const layout = await mkdtemp(join(tmpdir(), 'image-'));
  try {
    const blobs = join(layout, 'blobs/sha256');
    await mkdir(blobs, { recursive: true });
    const layerFile = join(layout, 'layer.tar');
    await create({ ...REPRODUCIBLE, cwd: options.root, file: layerFile }, await entriesBelow(options.root));
    const layer = await addBlob(blobs, await readFile(layerFile));
    await rm(layerFile);
    const config = await addBlob(blobs, encode(imageConfig(options.entrypoint, layer.digest)));
    const manifest = await addBlob(blobs, encode(ociManifest(config, layer)));
    await writeFile(join(layout, 'oci-layout'), encode({ imageLayoutVersion: '1.0.0' }));
    await writeFile(join(layout, 'index.json'), encode(ociIndex(manifest, options.references)));
    await writeFile(join(layout, 'manifest.json'), encode(dockerManifest(config, layer, options.references)));
    const entries = ['oci-layout', 'index.json', 'manifest.json', ...(await entriesBelow(layout, 'blobs'))];
    await create({ ...REPRODUCIBLE, cwd: layout, file: options.file }, entries);
  } finally {
    await rm(layout, { recursive: true, force: true });
  }
}

interface Blob {
  digest: string;
  size: number;
}

async function addBlob(directory: string, content: Buffer): Promise<Blob> {
  const hex = createHash('sha256').update(content).digest('hex');
  await writeFile(join(directory, hex), content);
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

function imageConfig(entrypoint: readonly string[], diffId: string) {
  return {
    architecture: 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Entrypoint: entrypoint, Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: [diffId] },
  };
}

function ociManifest(config: Blob, layer: Blob) {
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
  };
}

function ociIndex(manifest: Blob, references: readonly string[]) {
  const manifests = references.map((reference) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...manifest,
    platform: { architecture: 'amd64', os: 'linux' },
    annotations: {
      'io.containerd.image.name': reference,
      'org.opencontainers.image.ref.name': reference.replace(/^.*:/, ''),
    },
  }));
  return { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
}

function dockerManifest(config: Blob, layer: Blob, references: readonly string[]) {
  const path = ({ digest }: Blob) => `blobs/${digest.replace(':', '/')}`;
  return [{ Config: path(config), RepoTags: references, Layers: [path(layer)] }];
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
