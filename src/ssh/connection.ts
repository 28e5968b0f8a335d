import type { Client, ClientChannel } from 'ssh2';
import { DisklessError } from '../errors.js';
import { onAbortError, throwIfAborted } from './abort-error.js';
import { forwardError } from './channel-error.js';
import { ForwardStream } from './channel-streams.js';
import { collectText } from './collect-text.js';
import { type ByteStream, watchForSilence } from './keepalive.js';
import { type ExecHost, opensBeside, startRemote } from './remote-exec.js';
import { Slots } from './slots.js';
import type { Connection, ExecOptions, ExecResult, HostKey, RemoteProcess } from './transport.js';

/**
 * sshd's MaxSessions is 10 by default and counts sessions only, not forwarded connections; two stay in reserve. Where
 * fewer are allowed, the first refusal tells.
 */
const MAX_SESSIONS = 8;

/** More than any answer of ours has; a node that sends more must not fill the operator's memory. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A server that does not close its side after our goodbye is left alone. */
const GOODBYE_MS = 2000;

export interface SshConnectionOptions {
  client: Client;
  socket: ByteStream;
  host: string;
  user: string;
  hostKey: HostKey;
  keepalive: { intervalMs: number; countMax: number };
  /** Called once when the connection is gone: gives back the jump host. */
  onClosed: () => void;
}

/** An authenticated ssh2 client as a Connection. */
export class SshConnection implements Connection, ExecHost {
  readonly host: string;
  readonly user: string;
  readonly hostKey: HostKey;
  readonly closed: Promise<Error | undefined>;
  readonly client: Client;
  readonly socket: ByteStream;
  readonly sessions = new Slots(MAX_SESSIONS);
  readonly #listeners = new Set<(error: DisklessError) => void>();
  readonly #stopWatching: () => void;
  #gone: DisklessError | undefined;
  #lost: DisklessError | undefined;

  constructor(options: SshConnectionOptions) {
    const { client, socket, keepalive, onClosed } = options;
    this.host = options.host;
    this.user = options.user;
    this.hostKey = options.hostKey;
    this.client = client;
    this.socket = socket;
    // Every channel waits for it to drain, and of a jump host's there are as many as nodes behind it.
    socket.setMaxListeners(0);
    // Whatever ssh2 reports once it is authenticated ends the connection, and its streams with it.
    client.on('error', (cause) => this.#lose('the connection was lost', cause));
    client.on('end', () => this.#lose('the server closed the connection'));
    client.on('close', () => this.#lose('the connection was lost'));
    const silence = `no sign of life for ${(keepalive.intervalMs * keepalive.countMax) / 1000} s`;
    this.#stopWatching = watchForSilence({ socket, ...keepalive, onSilence: () => this.#lose(silence) });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#lose('the connection was lost');
        onClosed();
        resolve(this.#lost);
      });
    });
  }

  get gone(): DisklessError | undefined {
    return this.#gone;
  }

  onGone(listener: (error: DisklessError) => void): () => void {
    if (this.#gone) {
      listener(this.#gone);
      return () => {};
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  open(command: string, options: Omit<ExecOptions, 'input'>): Promise<RemoteProcess> {
    return startRemote(this, command, options);
  }

  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    const { input, ...rest } = options;
    const process = await this.open(command, rest);
    process.stdin.end(input);
    const stdout = collectText(process.stdout, MAX_OUTPUT_BYTES, () => this.#tooMuch(options.label));
    stdout.catch(() => process.kill());
    const [result, output] = await Promise.all([process.result, stdout]);
    return { ...result, stdout: output };
  }

  opensAnother(beside: Promise<unknown>): Promise<boolean> {
    return opensBeside(this, beside);
  }

  async forward(host: string, port: number, signal?: AbortSignal): Promise<ByteStream> {
    const channel = await this.#openForward(host, port, signal);
    const stream = new ForwardStream({ channel, socket: this.socket, host: this.host });
    const leave = this.onGone((error) => stream.lose(error));
    stream.once('close', leave);
    return stream;
  }

  end(): void {
    if (this.#gone) return;
    const message = 'the connection was closed by us';
    this.#leave(new DisklessError({ code: 'connection-closed', host: this.host, message }));
    this.client.end();
    this.socket.once('finish', () => this.socket.destroy());
    const timer = setTimeout(() => this.socket.destroy(), GOODBYE_MS);
    this.socket.once('close', () => clearTimeout(timer));
  }

  #tooMuch(label: string): DisklessError {
    const message = `${label}: printed more than ${MAX_OUTPUT_BYTES / 1024 / 1024} MiB`;
    return new DisklessError({ code: 'output-too-large', host: this.host, message });
  }

  #openForward(host: string, port: number, signal: AbortSignal | undefined): Promise<ClientChannel> {
    throwIfAborted(signal);
    if (this.#gone) throw this.#gone;
    return new Promise((resolve, reject) => {
      const stopListening = onAbortError(signal, reject);
      const leave = this.onGone(reject);
      // The origin is for the server's log only.
      this.client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        stopListening();
        leave();
        if (error) reject(forwardError({ error, host: this.host, what: `${host}:${port}` }));
        else if (signal?.aborted) channel.close();
        else resolve(channel);
      });
    });
  }

  #lose(message: string, cause?: unknown): void {
    if (this.#gone) return;
    this.#lost = new DisklessError({
      code: 'connection-lost',
      host: this.host,
      message,
      hint: 'the node may have rebooted or lost its link; running the same command again continues from there',
      cause,
    });
    this.#leave(this.#lost);
    this.socket.destroy();
  }

  /** Tells everyone who still waits. From here on no channel is touched: ssh2 would throw. */
  #leave(error: DisklessError): void {
    this.#gone = error;
    this.#stopWatching();
    for (const listener of this.#listeners) listener(error);
    this.#listeners.clear();
  }
}
