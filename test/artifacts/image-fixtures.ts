import { END_OF_ARCHIVE, tarMember } from '../../src/artifacts/tar-member.js';
import { sha256 } from '../helpers/release-directory.js';

export function tarOf(entries: Record<string, Buffer | string>): Buffer {
  const members = Object.entries(entries).map(([name, data]) => tarMember({ name, mode: 0o644 }, Buffer.from(data)));
  return Buffer.concat([...members, END_OF_ARCHIVE]);
}

export interface ImageOptions {
  reference: string | null;
  arch?: string;
  layer?: string;
}

/** What `docker save` wrote before version 25. */
export function dockerArchive({ reference, arch = 'amd64', layer = 'layer' }: ImageOptions): Record<string, string> {
  const config = JSON.stringify({ architecture: arch, os: 'linux', layer });
  const name = `${sha256(config)}.json`;
  const layerPath = `${sha256(layer)}/layer.tar`;
  const manifest = [{ Config: name, RepoTags: reference === null ? null : [reference], Layers: [layerPath] }];
  return { [layerPath]: layer, [name]: config, 'manifest.json': JSON.stringify(manifest) };
}

type Annotations = Record<string, string>;
interface Blob {
  path: string;
  data: string;
  descriptor: { mediaType: string; digest: string; size: number };
}

function blob(mediaType: string, value: unknown): Blob {
  const data = typeof value === 'string' ? value : JSON.stringify(value);
  const digest = sha256(data);
  return {
    path: `blobs/sha256/${digest}`,
    data,
    descriptor: { mediaType: `application/vnd.oci.image.${mediaType}`, digest: `sha256:${digest}`, size: data.length },
  };
}

function ociImage(arch: string, layer = `layer for ${arch}`): { manifest: Blob; blobs: Blob[] } {
  const config = blob('config.v1+json', { architecture: arch, os: 'linux' });
  const content = blob('layer.v1.tar+gzip', layer);
  const manifest = blob('manifest.v1+json', {
    schemaVersion: 2,
    config: config.descriptor,
    layers: [content.descriptor],
  });
  return { manifest, blobs: [config, content] };
}

const LAYOUT = { 'oci-layout': JSON.stringify({ imageLayoutVersion: '1.0.0' }) };

function layout(blobs: readonly Blob[], top: Blob, annotations: Annotations): Record<string, string> {
  const index = { schemaVersion: 2, manifests: [{ ...top.descriptor, annotations }] };
  const entries = Object.fromEntries([...blobs, top].map(({ path, data }) => [path, data]));
  return { ...LAYOUT, ...entries, 'index.json': JSON.stringify(index) };
}

/** What `skopeo copy … oci-archive:` and `ctr image export` write. */
export function ociArchive(options: {
  annotations: Annotations;
  arch?: string;
  layer?: string;
}): Record<string, string> {
  const { manifest, blobs } = ociImage(options.arch ?? 'amd64', options.layer);
  return layout(blobs, manifest, options.annotations);
}

/** An image for several platforms of which only some are in the archive. */
export function multiPlatformArchive(options: { annotations: Annotations; arches: string[]; present: string[] }) {
  const images = options.arches.map((arch) => ({ arch, ...ociImage(arch) }));
  const attestation = ociImage('unknown');
  const nested = blob('index.v1+json', {
    schemaVersion: 2,
    manifests: [...images, attestation].map(({ manifest }) => manifest.descriptor),
  });
  const kept = images.filter(({ arch }) => options.present.includes(arch));
  const blobs = [...kept, attestation].flatMap((image) => [...image.blobs, image.manifest]);
  return layout(blobs, nested, options.annotations);
}
