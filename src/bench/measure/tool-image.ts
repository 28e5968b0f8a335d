import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { END_OF_ARCHIVE, tarMember } from '../../artifacts/tar-member.js';

/** Path of iperf3 in the image, whether it is a static build or came with its libraries. */
export const IPERF3 = '/usr/bin/iperf3';

export interface ToolImage {
  /** Its name holds its content, so that a node that has the name has the image. */
  reference: string;
  /** `sha256:…` of its manifest. */
  digest: string;
  /** An OCI image layout as tar. */
  archive: Buffer;
}

export interface ToolImageOptions {
  /** A static iperf3, or a .tar.gz with iperf3 in usr/bin and all it needs. */
  file: string;
  /** Go's name. */
  arch: string;
}

const MEDIA = 'application/vnd.oci.image';

/** Puts the image together that both ends of every network cell run in. Equal input gives equal bytes. */
export async function buildToolImage({ file, arch }: ToolImageOptions): Promise<ToolImage> {
  const content = await readFile(file);
  const isArchive = content.length > 2 && content.readUInt16BE(0) === 0x1f8b;
  const layer = isArchive ? content : staticLayer(content);
  const diffId = isArchive ? digestOf(gunzipSync(content)) : digestOf(layer);
  const config = json({
    architecture: arch,
    os: 'linux',
    config: { Cmd: [IPERF3, '--version'] },
    rootfs: { type: 'layers', diff_ids: [diffId] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${MEDIA}.manifest.v1+json`,
    config: descriptor(`${MEDIA}.config.v1+json`, config),
    layers: [descriptor(`${MEDIA}.layer.v1.tar${isArchive ? '+gzip' : ''}`, layer)],
  });
  const digest = digestOf(manifest);
  const reference = `k8s-diskless.local/bench:${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
  return { reference, digest, archive: layout({ reference, arch, manifest, blobs: [layer, config, manifest] }) };
}

function staticLayer(program: Buffer): Buffer {
  return Buffer.concat([tarMember({ name: IPERF3.slice(1), mode: 0o755 }, program), END_OF_ARCHIVE]);
}

interface Layout {
  reference: string;
  arch: string;
  manifest: Buffer;
  blobs: readonly Buffer[];
}

function layout({ reference, arch, manifest, blobs }: Layout): Buffer {
  const index = json({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor(`${MEDIA}.manifest.v1+json`, manifest),
        platform: { os: 'linux', architecture: arch },
        annotations: { 'io.containerd.image.name': reference },
      },
    ],
  });
  const file = (name: string, content: Buffer): Buffer => tarMember({ name, mode: 0o644 }, content);
  return Buffer.concat([
    file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
    file('index.json', index),
    ...blobs.map((blob) => file(`blobs/${digestOf(blob).replace(':', '/')}`, blob)),
    END_OF_ARCHIVE,
  ]);
}

function descriptor(mediaType: string, content: Buffer) {
  return { mediaType, digest: digestOf(content), size: content.length };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
