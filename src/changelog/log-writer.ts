import { type FileHandle, open } from 'node:fs/promises';
import { orUnusable } from '../state/state-error.js';
import { frame } from './frames.js';
import { encodeRecord, type LogRecord } from './log-record.js';
import { createSegment, type LogStore } from './log-store.js';
import { SEGMENT_VERSION } from './segment-header.js';

/** Whose history it is, and the snapshot that it goes on from. */
export interface LogOrigin {
  clusterId: string;
  etcdClusterId: string;
  incarnation: number;
  base: { id: string; sha256: string };
}

export interface LogWriterOptions {
  store: LogStore;
  origin: LogOrigin;
  /** The last revision that is kept already. */
  after: number;
  /** After so many bytes another segment is begun. */
  segmentBytes?: number;
}

/** It is read as a whole, and removed as a whole. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

interface Writing {
  handle: FileHandle;
  bytes: number;
}

/**
 * Appends to the log, for the holder of its lock. It begins a segment of its own: what a killed one left in the middle of
 * a record is not written to again. One thing is done after another, and after a failure nothing is: open another.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  #writing: Writing;
  #turn: Promise<void> = Promise.resolve();
  /** Revisions of which nothing is kept, one after another, that are not written yet. */
  #nothing: LogRecord | undefined;
  #position: number;
  #synced: number;

  private constructor(options: LogWriterOptions, writing: Writing) {
    this.#options = options;
    this.#writing = writing;
    this.#position = this.#synced = options.after;
  }

  /** @throws usage error of a directory that cannot be used, as all of its methods do */
  static async open(options: LogWriterOptions): Promise<LogWriter> {
    return new LogWriter(options, await begin(options, options.after + 1));
  }

  /** The last revision that it was given. */
  get position(): number {
    return this.#position;
  }

  /** The last revision that is on the disk. */
  get synced(): number {
    return this.#synced;
  }

  /** @param records that follow the last one without a hole */
  append(records: readonly LogRecord[]): Promise<void> {
    return this.#inTurn(async () => {
      const written: LogRecord[] = [];
      for (const record of records) {
        if (record.kind === 'nothing') this.#nothing = { ...record, from: this.#nothing?.from ?? record.from };
        else written.push(...this.#takeNothing(), record);
      }
      await this.#write(written);
      this.#position = records.at(-1)?.to ?? this.#position;
      if (this.#writing.bytes > (this.#options.segmentBytes ?? SEGMENT_BYTES)) await this.#rotate();
    });
  }

  sync(): Promise<void> {
    return this.#inTurn(() => this.#sync());
  }

  /** All that it was given is on the disk then. */
  async close(): Promise<void> {
    await this.sync().finally(() => this.#writing.handle.close());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(() => orUnusable(this.#options.store.directory, work()));
    this.#turn.catch(() => undefined);
    return this.#turn;
  }

  async #sync(): Promise<void> {
    if (this.#synced === this.#position) return;
    await this.#write(this.#takeNothing());
    await this.#writing.handle.datasync();
    this.#synced = this.#position;
  }

  async #rotate(): Promise<void> {
    await this.#sync();
    const { handle } = this.#writing;
    this.#writing = await begin(this.#options, this.#position + 1);
    await handle.close();
  }

  #takeNothing(): LogRecord[] {
    const taken = this.#nothing === undefined ? [] : [this.#nothing];
    this.#nothing = undefined;
    return taken;
  }

  async #write(records: readonly LogRecord[]): Promise<void> {
    if (records.length === 0) return;
    const bytes = Buffer.concat(records.map((record) => frame(encodeRecord(record))));
    await this.#writing.handle.appendFile(bytes);
    this.#writing.bytes += bytes.length;
  }
}

async function begin({ store, origin }: LogWriterOptions, first: number): Promise<Writing> {
  const { path } = await createSegment(store, { ...origin, version: SEGMENT_VERSION, first });
  return { handle: await orUnusable(path, open(path, 'a')), bytes: 0 };
}
