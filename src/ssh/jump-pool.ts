import { untilAborted } from '../abort.js';
import { throwIfAborted } from './abort-error.js';
import type { SshConnection } from './connection.js';
import type { JumpHostKeys } from './jump-host-keys.js';

export interface Lease {
  connection: SshConnection;
  /** Gives the connection back; the last one to do so ends it. */
  release(): void;
}

interface Entry {
  connection: Promise<SshConnection>;
  users: number;
  /** Stops connecting when nobody wants the connection any more. */
  controller: AbortController;
}

/** One shared connection per jump host, for as long as someone uses it. */
export class JumpPool {
  readonly keys: JumpHostKeys;
  readonly #entries = new Map<string, Entry>();

  constructor(keys: JumpHostKeys) {
    this.keys = keys;
  }

  /** `connect` is called when there is no connection for the key yet; its signal fires when the last user gave up. */
  async acquire(
    key: string,
    connect: (signal: AbortSignal) => Promise<SshConnection>,
    signal?: AbortSignal,
  ): Promise<Lease> {
    const entry = this.#entries.get(key) ?? this.#create(key, connect);
    entry.users++;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      entry.users--;
      if (entry.users === 0) this.#discard(key, entry);
    };
    try {
      return { connection: await untilAborted(entry.connection, signal), release };
    } catch (error) {
      release();
      throwIfAborted(signal);
      throw error;
    }
  }

  #create(key: string, connect: (signal: AbortSignal) => Promise<SshConnection>): Entry {
    const controller = new AbortController();
    const entry: Entry = { connection: connect(controller.signal), users: 0, controller };
    this.#entries.set(key, entry);
    const forget = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    // A failed or lost connection is made anew for the next who asks.
    entry.connection.then((connection) => connection.onGone(forget), forget);
    return entry;
  }

  #discard(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    entry.controller.abort();
    entry.connection.then(
      (connection) => connection.end(),
      () => {},
    );
  }
}
