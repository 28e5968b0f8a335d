import type { Arch } from '../../artifacts/catalogue.js';
import type { Digest } from '../../artifacts/download.js';
import type { ImageRole } from './image-set.js';

/** Release servers, or a mirror of them. Places are upstream's URLs; what a mirror makes of them is its matter. */
export interface ReleaseServer {
  /** For messages. */
  title: string;
  /** Where the server keeps what upstream has at this URL. */
  locate: (upstream: string) => URL;
  /** A small text file. @throws DisklessError `os-release-missing` when it is not there. */
  text: (upstream: string) => Promise<string>;
}

export interface ReleaseQuery {
  channel: string;
  /** Absent: the newest of the channel. */
  version?: string;
  arch: Arch;
  server: ReleaseServer;
}

/** One file of a release; URLs are upstream's. */
export interface RemoteImage {
  role: ImageRole;
  url: string;
  digest: Digest;
  /** Detached OpenPGP signature. */
  signature: string;
}

export interface OsRelease {
  version: string;
  images: RemoteImage[];
}

export type ReleaseFinder = (query: ReleaseQuery) => Promise<OsRelease>;

/** The last part of a URL's path. */
export function fileNameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
