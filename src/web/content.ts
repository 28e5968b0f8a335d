/** Something that is served as it is. */
export interface Content {
  /** For messages, e.g. its path below the root. */
  name: string;
  contentType: string;
  size: number;
  /** Strong, in quotes. */
  etag: string;
  modified: Date;
  body: Buffer | FileContent;
}

/** A file on disk, and what tells that it is still the same. */
export interface FileContent {
  path: string;
  mtimeMs: number;
  ino: number;
}
