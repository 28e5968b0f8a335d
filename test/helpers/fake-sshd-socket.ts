import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export interface SocketFaults {
  /** Resets the connection as soon as this many bytes have come from the client. */
  dropAfterBytes?: number | undefined;
  /** From this many bytes of the client on, nothing is read or written any more, while TCP stays up. */
  stallAfterBytes?: number | undefined;
}

/** A server-side socket that misbehaves by script. */
export class FaultySocket extends Duplex {
  readonly #socket: Socket;
  readonly #faults: () => SocketFaults;
  #received = 0;
  #stalled = false;

  /** `faults` is asked at every chunk, so that a test may change its mind while the connection lives. */
  constructor(socket: Socket, faults: () => SocketFaults) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#faults = faults;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** A black hole from now on. */
  stall(): void {
    this.#stalled = true;
    this.#socket.pause();
  }

  /** RST, as from a machine that lost its power and came back. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  override _read(): void {
    if (!this.#stalled) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#stalled) done();
    else if (this.#socket.write(chunk)) done();
    else this.#socket.once('drain', done);
  }

  override _final(done: () => void): void {
    if (!this.#stalled) this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    this.#received += chunk.length;
    const { dropAfterBytes, stallAfterBytes } = this.#faults();
    if (dropAfterBytes !== undefined && this.#received >= dropAfterBytes) this.reset();
    if (stallAfterBytes !== undefined && this.#received >= stallAfterBytes) this.stall();
    if (!this.push(chunk)) this.#socket.pause();
  }
}
