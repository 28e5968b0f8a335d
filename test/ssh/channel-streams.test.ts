import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { ChannelStdin } from '../../src/ssh/channel-streams.js';
import type { ByteStream } from '../../src/ssh/keepalive.js';

/** A socket that takes what it is given only when told to. */
class SlowSocket extends Duplex {
  readonly bytesRead = 0;
  #accept = (): void => {};

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    this.#accept = done;
  }

  accept(): void {
    this.#accept();
  }
}

/** As ssh2's with a large window: it passes everything on at once, and says so. */
class HastyChannel extends Duplex {
  readonly #socket: ByteStream;

  constructor(socket: ByteStream) {
    super();
    this.#socket = socket;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#socket.write(chunk);
    done();
  }
}

const stdinOver = (socket: SlowSocket): ChannelStdin =>
  new ChannelStdin(new HastyChannel(socket) as unknown as ClientChannel, socket);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('stdin of a remote process', () => {
  it('has written what the socket has taken, not what the window would', async () => {
    const socket = new SlowSocket();
    const stdin = stdinOver(socket);
    const answers: unknown[] = [];
    stdin.write(Buffer.alloc(1000), (error) => answers.push(error));
    await turn();
    expect(answers).toEqual([]);
    socket.accept();
    await turn();
    expect(answers).toHaveLength(1);
    expect(answers[0]).toBeFalsy();
  });

  it('answers a write that the socket will never take when the process has ended', async () => {
    const stdin = stdinOver(new SlowSocket());
    const ended = new Error('ended');
    const answer = new Promise((resolve) => stdin.write(Buffer.alloc(1000), resolve));
    await turn();
    stdin.close(ended);
    expect(await answer).toBe(ended);
  });
});
