/** Castagnoli's polynomial, reflected: RFC 3720, appendix B.4. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** Node has a CRC of its own from 20.15 on only. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = Number(TABLE[(crc ^ byte) & 255]) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
