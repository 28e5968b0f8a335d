import { isDeepStrictEqual } from 'node:util';
import type { TlsIdentity } from '../http/secure-stream.js';

/** A renewed certificate is there weeks before the one before it ends. */
const LOOK_EVERY_MS = 24 * 60 * 60_000;

interface Opened<T> {
  client: T;
  identity: TlsIdentity;
}

interface Entry<T> {
  opened: Promise<Opened<T>>;
  lookAtMs: number;
}

export interface ClientCacheOptions {
  /** As it is kept now. */
  identity: () => Promise<TlsIdentity>;
  monotonicMs: () => number;
}

/**
 * Clients by name, each opened once for as long as the operator's certificate, key and authority are the same, which is
 * looked at once a day: a daemon's handle outlives them. What was replaced may still be in use, and is closed at the end.
 */
export class ClientCache<T extends { close(): void }> {
  readonly #options: ClientCacheOptions;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #clients: T[] = [];

  constructor(options: ClientCacheOptions) {
    this.#options = options;
  }

  /** @throws what `identity` throws; the next call tries again then */
  async get(name: string, open: (identity: TlsIdentity) => T): Promise<T> {
    const nowMs = this.#options.monotonicMs();
    const known = this.#entries.get(name);
    if (known && nowMs < known.lookAtMs) return (await known.opened).client;
    const entry = { opened: this.#open(known, open), lookAtMs: nowMs + LOOK_EVERY_MS };
    this.#entries.set(name, entry);
    try {
      return (await entry.opened).client;
    } catch (error) {
      if (known) this.#entries.set(name, known);
      else this.#entries.delete(name);
      throw error;
    }
  }

  /** Those that are being opened too. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#entries.values()].map(({ opened }) => opened));
    for (const client of this.#clients) client.close();
  }

  async #open(known: Entry<T> | undefined, open: (identity: TlsIdentity) => T): Promise<Opened<T>> {
    const identity = await this.#options.identity();
    const before = await known?.opened;
    if (before && isDeepStrictEqual(before.identity, identity)) return before;
    const client = open(identity);
    this.#clients.push(client);
    return { client, identity };
  }
}
