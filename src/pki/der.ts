import asn1, { type Asn1 } from 'node-forge/lib/asn1.js';

/* A small vocabulary over forge's ASN.1 writer. Binary strings are forge's currency, Buffers ours. */

const { Class, Type } = asn1;

export function sequence(...values: Asn1[]): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, values);
}

export function set(...values: Asn1[]): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, values);
}

export function oid(dotted: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes());
}

/** Content bytes as DER wants them: big-endian, minimal, top bit 0 when positive. */
export function integer(content: Buffer): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, content.toString('latin1'));
}

export function booleanTrue(): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.BOOLEAN, false, '\xff');
}

export function utf8String(text: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.UTF8, false, Buffer.from(text, 'utf8').toString('latin1'));
}

export function octetString(content: Buffer): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, content.toString('latin1'));
}

/** @param unusedBits Bits of the last byte that carry nothing. */
export function bitString(content: Buffer, unusedBits = 0): Asn1 {
  const bytes = String.fromCharCode(unusedBits) + content.toString('latin1');
  return asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, bytes);
}

/** `[tag]` with the content put in place of the tagged value's own header. */
export function implicit(tag: number, content: Buffer): Asn1 {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, false, content.toString('latin1'));
}

/** `[tag]` around a whole value. */
export function explicit(tag: number, value: Asn1): Asn1 {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [value]);
}

/** UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
export function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? asn1.create(Class.UNIVERSAL, Type.UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(Class.UNIVERSAL, Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

export function toDer(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
}

export function fromDer(der: Buffer): Asn1 {
  return asn1.fromDer(der.toString('latin1'), { decodeBitStrings: false });
}

/** The values inside a constructed one; none for a primitive. */
export function children(value: Asn1 | undefined): Asn1[] {
  return Array.isArray(value?.value) ? value.value : [];
}

/** Content bytes of a primitive value; empty for a constructed one. */
export function content(value: Asn1 | undefined): Buffer {
  return typeof value?.value === 'string' ? Buffer.from(value.value, 'latin1') : Buffer.alloc(0);
}

export function isOid(value: Asn1 | undefined, dotted: string): boolean {
  return value?.type === Type.OID && content(value).equals(content(oid(dotted)));
}
