import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Cache, openCache } from '../../src/artifacts/cache.js';
import type { ArtifactProgress } from '../../src/artifacts/progress.js';
import { DisklessError } from '../../src/errors.js';
import { type ReleaseOptions, writeReleases } from '../helpers/release-directory.js';

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'artifacts-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function temporaryCache(): Promise<Cache> {
  return openCache({ root: join(temporaryDirectory(), 'cache') });
}

/** Writes a file anew with a later date: two writes within one tick of the kernel's clock may share theirs. */
export function overwrite(path: string, data: string | Buffer): void {
  const { atimeMs, mtimeMs } = statSync(path);
  writeFileSync(path, data);
  utimesSync(path, atimeMs / 1000, mtimeMs / 1000 + 1);
}

/** A complete artifacts directory that is gone after the test. */
export function artifactsDirectory(options: ReleaseOptions = {}): string {
  const root = temporaryDirectory();
  writeReleases(root, options);
  return root;
}

/** The DisklessError a promise is rejected with; anything else fails the test. */
export async function rejection(promise: Promise<unknown>): Promise<DisklessError> {
  const error = await promise.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof DisklessError) return error;
  throw error;
}

/** Collects progress: the stages in order, each once per name. */
export function progressLog(): { progress: (event: ArtifactProgress) => void; seen: () => string[] } {
  const events: ArtifactProgress[] = [];
  return {
    progress: (event) => events.push(event),
    seen: () => [...new Set(events.map(({ stage, name }) => `${stage} ${name}`))].sort(),
  };
}
