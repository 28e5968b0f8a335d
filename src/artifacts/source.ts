import type { ReleaseFile } from './catalogue.js';
import type { OnArtifactProgress } from './progress.js';

/** A release file on this machine whose content is what its checksum says. */
export interface LocalFile {
  path: string;
  sha256: string;
  size: number;
}

/** A release file as a source has it. */
export interface ReleaseCopy extends LocalFile {
  /** What it is called there, which of a release's possible names it goes by. */
  fileName: string;
}

export interface ObtainOptions {
  progress: OnArtifactProgress;
  signal?: AbortSignal | undefined;
}

/** Where release files come from: a directory, a mirror, or the upstream servers. */
export interface ArtifactSource {
  /** For messages, e.g. `the directory /srv/mirror`. */
  readonly title: string;
  /**
   * @throws DisklessError `artifact-missing`, `artifact-checksum-missing`, `artifact-corrupt`, `artifact-unreadable`
   * or `download-failed`.
   */
  obtain(file: ReleaseFile, options: ObtainOptions): Promise<ReleaseCopy>;
}
