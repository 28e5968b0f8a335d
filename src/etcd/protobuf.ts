/** Reads the fields of a message one after another; on bytes that are no message, `next` is false and `ok` too. */
export class ProtobufReader {
  /** False as soon as something is no protobuf. */
  ok = true;
  field = 0;
  /** Where the content of the field lies: the bytes of a varint, or what a length stands before. */
  start = 0;
  end = 0;
  #wire = 0;
  #at: number;

  constructor(
    readonly bytes: Buffer,
    from = 0,
    readonly limit = bytes.length,
  ) {
    this.#at = from;
  }

  /** To the next field. */
  next(): boolean {
    if (!this.ok || this.#at >= this.limit) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    this.start = this.#at;
    this.#at = this.end = this.#endOfContent();
    this.ok = this.ok && this.field > 0 && this.end <= this.limit;
    return this.ok;
  }

  /** Bytes, a string or a message. */
  get isBytes(): boolean {
    return this.#wire === 2;
  }

  get isNumber(): boolean {
    return this.#wire === 0;
  }

  content(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }

  text(): string {
    return this.bytes.toString('utf8', this.start, this.end);
  }

  /** Exact below 2^53. */
  number(): number {
    let value = 0;
    for (let at = this.end - 1; at >= this.start; at--) value = value * 128 + (Number(this.bytes[at]) & 127);
    return value;
  }

  /** All 64 bits, as a decimal number. */
  decimal(): string {
    if (this.end - this.start <= 7) return String(this.number());
    let value = 0n;
    for (let at = this.end - 1; at >= this.start; at--) value = value * 128n + BigInt(Number(this.bytes[at]) & 127);
    return String(BigInt.asUintN(64, value));
  }

  #endOfContent(): number {
    if (this.#wire === 0) {
      this.#varint();
      return this.#at;
    }
    if (this.#wire === 1) return this.#at + 8;
    if (this.#wire === 5) return this.#at + 4;
    if (this.#wire !== 2) this.ok = false;
    const length = this.#varint();
    this.start = this.#at;
    return this.#at + length;
  }

  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10 && this.#at < this.limit; count++) {
      const byte = Number(this.bytes[this.#at++]);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
    this.ok = false;
    return value;
  }
}
