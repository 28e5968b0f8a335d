import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { READ_SIZE } from './remembered.js';

/** Bytes that travel to nodes unchanged, known by their SHA-256: a binary or an image archive. */
export interface Content {
  /** For messages and progress, e.g. `kubelet`. */
  name: string;
  sha256: string;
  size: number;
  open(): AsyncIterable<Buffer>;
}

export function fileContent(file: { name: string; path: string; sha256: string; size: number }): Content {
  return { name: file.name, sha256: file.sha256, size: file.size, open: () => openFile(file.path) };
}

/** A file's bytes, decompressed where it is gzipped and asked for. */
export function openFile(path: string, { gunzip = false } = {}): Readable {
  const file = createReadStream(path, { highWaterMark: READ_SIZE });
  if (!gunzip) return file;
  const inflated = createGunzip({ chunkSize: READ_SIZE });
  file.on('error', (error) => inflated.destroy(error));
  // Whoever stops reading early destroys only what they hold.
  inflated.on('close', () => file.destroy());
  return file.pipe(inflated);
}
