/** Of 64 bits, as a number: exact below 2^53, and above that still larger than all that is a page or fits into a file. */
export function unsignedLe(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}

/** The same with the most significant byte first. */
export function unsignedBe(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
