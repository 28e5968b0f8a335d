const HEAD_BYTES = 64 * 1024;
const TAIL_BYTES = 256 * 1024;

/**
 * Collects what a process writes without growing with it: the beginning (where the cause usually stands) and the
 * end are kept, the middle is replaced by a line that says how much was left out.
 */
export class BoundedText {
  readonly #head: Buffer[] = [];
  readonly #tail: Buffer[] = [];
  #headBytes = 0;
  #tailBytes = 0;
  #omitted = 0;

  push(chunk: Buffer): void {
    const room = Math.max(0, HEAD_BYTES - this.#headBytes);
    const head = chunk.subarray(0, room);
    const tail = chunk.subarray(room);
    if (head.length > 0) this.#head.push(head);
    if (tail.length > 0) this.#tail.push(tail);
    this.#headBytes += head.length;
    this.#tailBytes += tail.length;
    this.#trim();
  }

  toString(): string {
    const note = this.#omitted === 0 ? '' : `\n[${this.#omitted} bytes left out]\n`;
    return Buffer.concat([...this.#head, Buffer.from(note), ...this.#tail]).toString('utf8');
  }

  #trim(): void {
    let excess = this.#tailBytes - TAIL_BYTES;
    while (excess > 0) {
      const first = this.#tail[0];
      if (first === undefined) return;
      const cut = Math.min(first.length, excess);
      if (cut === first.length) this.#tail.shift();
      else this.#tail[0] = first.subarray(cut);
      this.#tailBytes -= cut;
      this.#omitted += cut;
      excess -= cut;
    }
  }
}
