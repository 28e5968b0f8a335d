import { type KeyObject, X509Certificate } from 'node:crypto';
import type { Asn1 } from 'node-forge/lib/asn1.js';
import { distinguishedName, encodedParts, keyId, serialNumber, signCertificate, wholeSeconds } from './certificate.js';
import { children, content, fromDer, isOid } from './der.js';
import type { PkiEnvironment } from './environment.js';
import { authorityExtensions, EXTENSION_OID, renewedExtensions } from './extensions.js';
import { encodedPublicKey, newPrivateKey, privateKeyPem } from './keys.js';
import type { AuthorityProfile, PkiProfiles } from './profile-schema.js';
import { DAY_MS, HOUR_MS, periodOf } from './validity.js';

/** A CA that is ready to sign. */
export interface Authority {
  /** PEM. */
  certificate: string;
  /** PEM. */
  privateKey: string;
  key: KeyObject;
  x509: X509Certificate;
  notAfter: Date;
  /** Its name exactly as encoded in its own certificate: issuer names are compared byte by byte. */
  subject: Asn1;
  /** Subject key identifier; the leaves' authority key identifier. */
  keyId: Buffer;
}

export interface NewAuthority {
  profile: AuthorityProfile;
  validity: PkiProfiles['validity'];
  environment: PkiEnvironment;
}

export async function createAuthority({ profile, validity, environment }: NewAuthority): Promise<Authority> {
  const key = await newPrivateKey();
  const publicKey = encodedPublicKey(key);
  const subject = distinguishedName(profile.subject);
  const fields = {
    serial: serialNumber(environment.random),
    issuer: subject,
    subject,
    notBefore: wholeSeconds(environment.now().getTime() - validity.backdateHours * HOUR_MS),
    notAfter: endOf(profile, environment),
    publicKey,
    extensions: authorityExtensions(keyId(publicKey)),
  };
  const certificate = signCertificate(fields, key);
  return assemble({ certificate, privateKey: privateKeyPem(key), key, x509: new X509Certificate(certificate) });
}

export interface RenewAuthority {
  authority: Authority;
  profile: AuthorityProfile;
  environment: PkiEnvironment;
}

/**
 * The same CA with a certificate that ends later: whatever was issued by the one is trusted under the other. It begins
 * when the old one did, so that one made by a clock that is wrong is never worse than the old.
 */
export function renewAuthority({ authority, profile, environment }: RenewAuthority): Authority {
  const { privateKey, key, subject, x509 } = authority;
  const { publicKey, extensions } = encodedParts(x509);
  const fields = {
    serial: serialNumber(environment.random),
    issuer: subject,
    subject,
    notBefore: periodOf(x509).notBefore,
    notAfter: endOf(profile, environment),
    publicKey,
    extensions: renewedExtensions(extensions, authority.keyId),
  };
  const certificate = signCertificate(fields, key);
  return assemble({ certificate, privateKey, key, x509: new X509Certificate(certificate) });
}

function endOf({ lifetimeDays }: AuthorityProfile, { now }: PkiEnvironment): Date {
  return wholeSeconds(now().getTime() + lifetimeDays * DAY_MS);
}

/** An authority from its parsed halves; its name and key identifier are read from the certificate. */
export function assemble(parts: Pick<Authority, 'certificate' | 'privateKey' | 'key' | 'x509'>): Authority {
  const { subject, publicKey, extensions } = encodedParts(parts.x509);
  return {
    ...parts,
    notAfter: periodOf(parts.x509).notAfter,
    subject,
    keyId: subjectKeyIdentifier(extensions) ?? keyId(publicKey),
  };
}

function subjectKeyIdentifier(extensions: Asn1[]): Buffer | undefined {
  const found = extensions.find((entry) => isOid(children(entry)[0], EXTENSION_OID.subjectKeyIdentifier));
  const value = children(found).at(-1);
  return value && content(fromDer(content(value)));
}
