/**
 * The part of node-forge that writes certificates, typed. Its entry point loads the whole library (RSA, TLS, PKCS#12)
 * and costs some 50 ms at every start; the ASN.1 module alone costs half of that and is all that is needed: keys and
 * signatures are node:crypto's.
 */
declare module 'node-forge/lib/asn1.js' {
  /** One ASN.1 value: primitive content as a binary string, or the values inside. */
  export interface Asn1 {
    tagClass: number;
    type: number;
    constructed: boolean;
    value: string | Asn1[];
  }
  interface ByteBuffer {
    getBytes(): string;
  }
  const asn1: {
    Class: { UNIVERSAL: number; CONTEXT_SPECIFIC: number };
    Type: {
      BOOLEAN: number;
      INTEGER: number;
      BITSTRING: number;
      OCTETSTRING: number;
      OID: number;
      UTF8: number;
      SEQUENCE: number;
      SET: number;
      UTCTIME: number;
      GENERALIZEDTIME: number;
    };
    create(tagClass: number, type: number, constructed: boolean, value: string | Asn1[]): Asn1;
    /** `decodeBitStrings` guesses whether a bit string holds ASN.1: wrong for keys and signatures. */
    fromDer(bytes: string, options: { decodeBitStrings: boolean }): Asn1;
    toDer(value: Asn1): ByteBuffer;
    oidToDer(oid: string): ByteBuffer;
    dateToUtcTime(date: Date): string;
    dateToGeneralizedTime(date: Date): string;
  };
  export default asn1;
}
