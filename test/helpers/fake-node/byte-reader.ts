import type { Readable } from 'node:stream';

const NEWLINE = 0x0a;

/** Takes a stream apart into lines and counted bytes, as a shell's `read` and `head -c` do. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    // A channel is both directions in one: at the end of its input it must stay open for our answer.
    this.#source = stream.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  }

  /** Without its newline; undefined at the end. */
  async line(): Promise<string | undefined> {
    let end = this.#rest.indexOf(NEWLINE);
    while (end < 0) {
      if (!(await this.#more())) return undefined;
      end = this.#rest.indexOf(NEWLINE);
    }
    return this.#take(end + 1).toString('utf8', 0, end);
  }

  /** Everything that is left. */
  async text(): Promise<string> {
    while (await this.#more());
    return this.#take(this.#rest.length).toString();
  }

  async bytes(count: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.chunks(count)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** @throws when the stream ends before. */
  async *chunks(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#more())) throw new Error(`the stream ends ${left} bytes too early`);
      const chunk = this.#take(Math.min(left, this.#rest.length));
      left -= chunk.length;
      yield chunk;
    }
  }

  #take(count: number): Buffer {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (!done) this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    return !done;
  }
}
