import { readFileSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type CheckedDatabase, checkPages } from '../../src/etcd-file/check-pages.js';

export type FixtureName = 'snapshot-3.5' | 'snapshot-3.7' | 'bumped-3.7';

/** A database file that etcd made (make-fixtures.ts). */
export function fixture(name: FixtureName): Buffer {
  return gunzipSync(readFileSync(join(import.meta.dirname, 'fixtures', `${name}.db.gz`)));
}

/** Works on these bytes as a file. */
export async function withFile<T>(bytes: Uint8Array, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'k8s-diskless-database-'));
  try {
    const path = join(directory, 'db');
    await writeFile(path, bytes);
    const file = await open(path, 'r+');
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The same with its pages checked. */
export function withDatabase<T>(bytes: Uint8Array, work: (database: CheckedDatabase) => Promise<T>): Promise<T> {
  return withFile(bytes, async (file) => work(await checkPages({ file })));
}
