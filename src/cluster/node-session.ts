import type { Duplex } from 'node:stream';
import { untilAborted } from '../abort.js';
import { DisklessError, isFinal } from '../errors.js';
import type { RemoteCommand } from '../ssh/bash-script.js';
import { readBootId } from '../ssh/boot-id.js';
import { judgePerBoot } from '../ssh/host-key.js';
import type { Connection, ExecOptions, ExecResult, HostKey } from '../ssh/transport.js';

/** Codes after which a fresh connection may carry on. */
const TRANSPORT_LOSS = new Set(['connection-lost', 'connection-closed', 'stalled']);
const RECONNECTS = 2;

/** Between attempts to find a machine that went away: it may be booting, or only its link be down. */
const FIRST_LOOK_MS = 500;
const LAST_LOOK_MS = 4_000;

export interface EpochWatch {
  signal: AbortSignal;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface NodeSessionOptions {
  name: string;
  open: (signal: AbortSignal) => Promise<Connection>;
  signal: AbortSignal;
  /** Told of a loss that is answered by another connection, once however many used the lost one. */
  onLoss?: (loss: DisklessError) => void;
}

/** The boot a run has read its facts in. */
export interface PinnedEpoch {
  bootId: string;
  /** Under the policy `per-boot`: no other key is believed until the node reboots. */
  hostKey?: HostKey;
}

export interface RootOptions {
  label: string;
  timeoutMs?: number;
  /** Exit codes that are an answer rather than a failure. Default: only 0. */
  accept?: readonly number[];
  /** Beside the run's own. */
  signal?: AbortSignal;
}

/**
 * One node's SSH connection for the length of a run. Lost connections are replaced as long as the node is still in
 * the boot epoch its facts were read in; commands must therefore be idempotent.
 */
export class NodeSession {
  readonly name: string;
  #open: NodeSessionOptions['open'];
  #signal: AbortSignal;
  #onLoss: NodeSessionOptions['onLoss'];
  #connection: Promise<Connection> | undefined;
  #pinned: PinnedEpoch | undefined;
  #hostKey: HostKey | undefined;
  readonly #lost = new WeakSet<Connection>();

  constructor({ name, open, signal, onLoss }: NodeSessionOptions) {
    this.name = name;
    this.#open = open;
    this.#signal = signal;
    this.#onLoss = onLoss;
  }

  /** What the node showed at the latest connection that was accepted. */
  get hostKey(): HostKey {
    if (this.#hostKey === undefined) throw new Error(`no connection to ${this.name} was made yet`);
    return this.#hostKey;
  }

  /** Whether the latest connection lives, or another one is being opened. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** The living connection; opened on first use, and again after a loss. */
  connection(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    const opening = this.#openOne();
    this.#connection = opening;
    opening.then(
      (connection) => connection.closed.then(() => this.#forget(opening)),
      () => this.#forget(opening),
    );
    return opening;
  }

  /** The next caller opens another one, unless somebody did already. */
  #forget(opening: Promise<Connection>): void {
    if (this.#connection === opening) this.#connection = undefined;
  }

  /** From now on another boot is an error: what was planned no longer holds. */
  pinEpoch(epoch: PinnedEpoch): void {
    this.#pinned = epoch;
  }

  /** The next connection may find another boot: facts will be read again. */
  unpinEpoch(): void {
    this.#pinned = undefined;
  }

  /** Runs work on the living connection, again on a fresh one after a transport loss. */
  async resilient<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const opening = this.connection();
      const connection = await opening;
      try {
        return await work(connection);
      } catch (error) {
        const retryable = error instanceof DisklessError && TRANSPORT_LOSS.has(error.code);
        if (!retryable || attempt >= RECONNECTS || this.#signal.aborted) throw error;
        // Whoever else was using it gets `connection-closed`, and comes here too.
        if (!this.#lost.has(connection)) this.#onLoss?.(error);
        this.#lost.add(connection);
        connection.end();
        this.#forget(opening);
      }
    }
  }

  exec(command: string, options: ExecOptions): Promise<ExecResult> {
    return this.resilient((connection) => connection.exec(command, { signal: this.#signal, ...options }));
  }

  /**
   * Runs a command as root; a failure carries what the machine answered. One that holds something of the moment is given
   * as a function, called for every attempt.
   */
  async runAsRoot(given: RemoteCommand | (() => RemoteCommand), options: RootOptions): Promise<ExecResult> {
    const { label, timeoutMs, accept = [0], signal } = options;
    const either = signal === undefined ? this.#signal : AbortSignal.any([this.#signal, signal]);
    const fixed = { label, root: true, signal: either, ...(timeoutMs && { timeoutMs }) };
    const result = await this.resilient((connection) => {
      const { command, ...rest } = typeof given === 'function' ? given() : given;
      return connection.exec(command, { ...fixed, ...rest });
    });
    if (result.exitCode !== null && accept.includes(result.exitCode)) return result;
    throw new DisklessError({
      code: 'remote-failed',
      host: this.name,
      message: `${label} ended with ${result.signal ?? `exit code ${result.exitCode}`}`,
      detail: `${result.stderr}\n${result.stdout}`.trim().slice(-4000),
    });
  }

  /**
   * Looks after the node while something else is waited for: it never resolves, and rejects when the node
   * is found in another boot. Nothing announces that a machine which went away is back, so it is asked for.
   */
  async watchEpoch({ signal, sleep }: EpochWatch): Promise<never> {
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(2 * pause, LAST_LOOK_MS)) {
      try {
        const connection = await untilAborted(this.connection(), signal);
        pause = FIRST_LOOK_MS;
        await untilAborted(connection.closed, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isFinal(error)) throw error;
      }
      await sleep(pause, signal);
    }
  }

  async forward(host: string, port: number, signal?: AbortSignal): Promise<Duplex> {
    return (await this.connection()).forward(host, port, signal);
  }

  async end(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    connection?.end();
  }

  async #openOne(): Promise<Connection> {
    const connection = await this.#open(this.#signal);
    try {
      if (this.#pinned) await this.#refuseOtherEpoch(this.#pinned, connection);
    } catch (error) {
      connection.end();
      throw error;
    }
    this.#hostKey = connection.hostKey;
    return connection;
  }

  async #refuseOtherEpoch({ bootId, hostKey }: PinnedEpoch, connection: Connection): Promise<void> {
    const found = await readBootId(connection, { signal: this.#signal });
    if (found !== bootId) {
      const hint = 'run the same command again';
      throw new DisklessError({
        code: 'rebooted',
        host: this.name,
        message: 'it was rebooted in the middle of this run',
        hint,
      });
    }
    if (hostKey === undefined) return;
    // A boot_id is no secret: within an epoch only the key tells who answers.
    const record = { bootId, hostKey };
    const verdict = judgePerBoot({ record, bootId, presented: connection.hostKey, place: this.name });
    if (verdict.kind === 'refused') throw verdict.error;
  }
}
