import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Header } from 'tar';

export interface RegistryOptions {
  /** Image archives with an OCI layout, which is read where it lies. */
  archives: readonly string[];
  /** To listen at. */
  host: string;
}

export interface Registry {
  /** Without a slash at its end. */
  url: string;
  close(): Promise<void>;
}

/** A file inside a tar. */
interface Entry {
  archive: string;
  /** Of its first byte. */
  start: number;
  size: number;
}

/** Of an OCI layout's index. */
interface Descriptor {
  mediaType: string;
  digest: string;
  annotations?: Record<string, string>;
}

interface Content {
  /** By digest. */
  blobs: ReadonlyMap<string, Entry>;
  manifests: readonly Descriptor[];
}

/**
 * A registry to pull from, for pods that will not take an image that is there already: OCI distribution as far as that
 * needs it. Names are those of the images without their registry, so that it can be a mirror of any.
 */
export async function openRegistry({ archives, host }: RegistryOptions): Promise<Registry> {
  const content = await readArchives(archives);
  const server = createServer((request, response) => void answer(content, request, response));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `hosts.toml` of containerd: what is asked of another registry is asked here first. */
export function mirrorConfig(url: string): string {
  return `[host."${url}"]\ncapabilities = ["pull", "resolve"]\n`;
}

async function readArchives(archives: readonly string[]): Promise<Content> {
  const blobs = new Map<string, Entry>();
  const manifests: Descriptor[] = [];
  for (const archive of archives) {
    const entries = await entriesOf(archive);
    const index = entries.get('index.json');
    if (index === undefined) throw new Error(`${archive} is no image archive with an OCI layout`);
    manifests.push(...JSON.parse((await buffer(bytesOf(index))).toString()).manifests);
    for (const [path, entry] of entries) {
      const [, algorithm, hex] = /^blobs\/(\w+)\/(\w+)$/.exec(path) ?? [];
      if (hex !== undefined) blobs.set(`${algorithm}:${hex}`, entry);
    }
  }
  return { blobs, manifests };
}

const BLOCK = 512;

/** By path. A tar is a row of headers of a block, each before its file, which fills whole blocks. */
async function entriesOf(archive: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const file = await open(archive);
  try {
    for (let at = 0; ; ) {
      const block = Buffer.alloc(BLOCK);
      const { bytesRead } = await file.read(block, 0, BLOCK, at);
      const { path, size = 0, cksumValid } = new Header(block);
      if (bytesRead < BLOCK || !cksumValid || path === undefined) return entries;
      entries.set(path, { archive, start: at + BLOCK, size });
      at += BLOCK + BLOCK * Math.ceil(size / BLOCK);
    }
  } finally {
    await file.close();
  }
}

function bytesOf({ archive, start, size }: Entry) {
  return createReadStream(archive, { start, end: start + size - 1 });
}

async function answer(content: Content, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').replace(/\?.*$/, '');
  if (path === '/v2/') return void response.writeHead(200).end();
  const [, name = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
  const manifest = kind === 'manifests' ? content.manifests.find((each) => isCalled(each, name, reference)) : undefined;
  const digest = kind === 'blobs' ? reference : (manifest?.digest ?? '');
  const blob = content.blobs.get(digest);
  if (blob === undefined) return void response.writeHead(404).end();
  response.writeHead(200, {
    'content-type': manifest?.mediaType ?? 'application/octet-stream',
    'content-length': blob.size,
    'docker-content-digest': digest,
  });
  if (request.method === 'HEAD') return void response.end();
  // Whoever asked may go away in the middle.
  await pipeline(bytesOf(blob), response).catch(() => {});
}

function isCalled({ digest, annotations = {} }: Descriptor, name: string, reference: string): boolean {
  const inRegistry = annotations['io.containerd.image.name']?.replace(/^[^/]+\//, '');
  return digest === reference || inRegistry === `${name}:${reference}`;
}
