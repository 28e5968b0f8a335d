import { isIP } from 'node:net';
import type { Asn1 } from 'node-forge/lib/asn1.js';
import { addressBytes } from './address-bytes.js';
import {
  bitString,
  booleanTrue,
  children,
  implicit,
  integer,
  isOid,
  octetString,
  oid,
  sequence,
  toDer,
} from './der.js';
import type { ExtendedKeyUsage } from './profile-schema.js';

/** Object identifiers of RFC 5280 §4.2. */
export const EXTENSION_OID = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
} as const;

const USAGE_OID: Record<ExtendedKeyUsage, string> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

/** KeyUsage as DER bytes: named bits from the left, trailing zero bits cut (RFC 5280 §4.2.1.3). */
const DIGITAL_SIGNATURE = bitString(Buffer.of(0b1000_0000), 7);
const KEY_CERT_SIGN_AND_CRL_SIGN = bitString(Buffer.of(0b0000_0110), 1);

const GENERAL_NAME = { dns: 2, ip: 7 } as const;

export interface LeafExtensions {
  usages: ExtendedKeyUsage[];
  /** DNS names and addresses as text; none for pure clients. */
  sans: string[];
  subjectKeyId: Buffer;
  authorityKeyId: Buffer;
}

export function leafExtensions({ usages, sans, subjectKeyId, authorityKeyId }: LeafExtensions): Asn1 {
  return sequence(
    extension('basicConstraints', sequence(), { critical: true }),
    extension('keyUsage', DIGITAL_SIGNATURE, { critical: true }),
    extension('extKeyUsage', sequence(...usages.map((usage) => oid(USAGE_OID[usage])))),
    extension('subjectKeyIdentifier', octetString(subjectKeyId)),
    keyIdentifierOfIssuer(authorityKeyId),
    ...(sans.length > 0 ? [extension('subjectAltName', sequence(...sans.map(generalName)))] : []),
  );
}

/** Path length 0: what these authorities sign can never be an authority itself. */
export function authorityExtensions(subjectKeyId: Buffer): Asn1 {
  const pathLength = integer(Buffer.of(0));
  return sequence(
    extension('basicConstraints', sequence(booleanTrue(), pathLength), { critical: true }),
    extension('keyUsage', KEY_CERT_SIGN_AND_CRL_SIGN, { critical: true }),
    extension('subjectKeyIdentifier', octetString(subjectKeyId)),
    keyIdentifierOfIssuer(subjectKeyId),
  );
}

/**
 * Those of the certificate before, so that an authority made elsewhere keeps its constraints. Only its reference to itself
 * is written anew: it may name the serial number, which is another one now.
 */
export function renewedExtensions(before: readonly Asn1[], subjectKeyId: Buffer): Asn1 {
  const kept = before.filter((entry) => !isOid(children(entry)[0], EXTENSION_OID.authorityKeyIdentifier));
  return sequence(...kept, keyIdentifierOfIssuer(subjectKeyId));
}

function keyIdentifierOfIssuer(keyId: Buffer): Asn1 {
  return extension('authorityKeyIdentifier', sequence(implicit(0, keyId)));
}

function extension(name: keyof typeof EXTENSION_OID, value: Asn1, options: { critical?: boolean } = {}): Asn1 {
  const critical = options.critical ? [booleanTrue()] : [];
  return sequence(oid(EXTENSION_OID[name]), ...critical, octetString(toDer(value)));
}

function generalName(name: string): Asn1 {
  return isIP(name) === 0
    ? implicit(GENERAL_NAME.dns, Buffer.from(name, 'ascii'))
    : implicit(GENERAL_NAME.ip, addressBytes(name));
}
