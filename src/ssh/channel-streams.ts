import { Duplex, Readable, Writable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { DisklessError } from '../errors.js';
import type { ByteStream } from './keepalive.js';

/*
 * Streams of ours around ssh2's channels, for four habits of these that a caller must never meet: a write to a
 * channel closed by the peer is never answered, one that fits into the peer's window (2 MiB) is answered before the
 * socket has taken it, `close` waits until someone has read everything, and after the connection is gone every touch
 * of a channel throws from inside the library.
 */

type Done = (error?: Error | null) => void;

/** The socket below has its own; no need to collect much before it. */
const HIGH_WATER_MARK = 64 * 1024;

const ignore = () => {};

/** The writing half of a channel: every write gets an answer. */
class WriteSide {
  readonly #channel: ClientChannel;
  readonly #socket: ByteStream;
  #pending: Done | undefined;
  #closed: Error | undefined;

  constructor(channel: ClientChannel, socket: ByteStream) {
    this.#channel = channel;
    this.#socket = socket;
    // ssh2 ends the channel by itself when the peer closes it; a write that comes right then fails with an event.
    channel.on('error', ignore);
  }

  write(chunk: Buffer, done: Done): void {
    this.#pending = done;
    if (this.#closed) this.#answer(this.#closed);
    else this.#channel.write(chunk, (error) => this.#flushed(error));
  }

  end(done: Done): void {
    if (!this.#closed) this.#channel.end();
    done();
  }

  /** No byte goes out any more; a write still waiting fails. */
  close(error: Error): void {
    this.#closed ??= error;
    this.#answer(this.#closed);
  }

  /** Else fifty uploads at once would lie in the operator's memory with a window each. */
  #flushed(error: Error | null | undefined): void {
    if (error || !this.#socket.writableNeedDrain) this.#answer(error);
    else this.#socket.once('drain', () => this.#answer(undefined));
  }

  #answer(error: Error | null | undefined): void {
    const done = this.#pending;
    this.#pending = undefined;
    done?.(error);
  }
}

/** Relays what arrives; `accept` answers false when it wants a pause, undefined when nobody listens any more. */
function relay(channel: ClientChannel, accept: (chunk: Buffer | null) => boolean | undefined): void {
  channel.on('data', (chunk: Buffer) => {
    if (accept(chunk) === false) channel.pause();
  });
  channel.on('end', () => accept(null));
}

/** stdin of a remote process. */
export class ChannelStdin extends Writable {
  readonly #side: WriteSide;

  constructor(channel: ClientChannel, socket: ByteStream) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#side = new WriteSide(channel, socket);
    // A process may end before it has read its input, as with any pipe; whoever writes learns it from the write.
    this.on('error', ignore);
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#side.write(chunk, done);
  }

  override _final(done: Done): void {
    this.#side.end(done);
  }

  close(error: Error): void {
    this.#side.close(error);
  }
}

/** stdout of a remote process. */
export class ChannelStdout extends Readable {
  #channel: ClientChannel | undefined;

  constructor(channel: ClientChannel) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#channel = channel;
    // The loss of the connection is told by the result as well; a stream nobody reads must not end the program.
    this.on('error', ignore);
    relay(channel, (chunk) => (this.destroyed ? undefined : this.push(chunk)));
  }

  override _read(): void {
    this.#channel?.resume();
  }

  /** A reader that has seen enough does not hold up the process: the rest is read and dropped. */
  override _destroy(error: Error | null, done: Done): void {
    this.#channel?.resume();
    done(error);
  }

  lose(error: Error): void {
    this.#channel = undefined;
    this.destroy(error);
  }
}

/** A TCP connection made by the remote side. */
export class ForwardStream extends Duplex {
  /** As net.Socket counts it. */
  bytesRead = 0;
  #channel: ClientChannel | undefined;
  readonly #side: WriteSide;

  constructor(options: { channel: ClientChannel; socket: ByteStream; host: string }) {
    super({ highWaterMark: HIGH_WATER_MARK, allowHalfOpen: false });
    const { channel, socket, host } = options;
    this.#channel = channel;
    this.#side = new WriteSide(channel, socket);
    this.on('error', ignore);
    relay(channel, (chunk) => this.#receive(chunk));
    channel.on('close', () => this.#side.close(peerClosed(host)));
  }

  override _read(): void {
    this.#channel?.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#side.write(chunk, done);
  }

  /** An SSH connection inside this one writes packets a little longer than ours: one by one each would take two. */
  override _writev(writes: { chunk: Buffer }[], done: Done): void {
    this.#side.write(Buffer.concat(writes.map(({ chunk }) => chunk)), done);
  }

  override _final(done: Done): void {
    this.#side.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#channel?.close();
    this.#channel?.resume();
    this.#channel = undefined;
    done(error);
  }

  lose(error: Error): void {
    this.#channel = undefined;
    this.#side.close(error);
    this.destroy(error);
  }

  #receive(chunk: Buffer | null): boolean | undefined {
    this.bytesRead += chunk?.length ?? 0;
    return this.destroyed ? undefined : this.push(chunk);
  }
}

function peerClosed(host: string): DisklessError {
  return new DisklessError({
    code: 'forward-closed',
    host,
    message: 'the forwarded connection was closed by its far end',
  });
}
