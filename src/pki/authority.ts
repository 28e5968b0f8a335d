import { type KeyObject, X509Certificate } from 'node:crypto';
import type { Asn1 } from 'node-forge/lib/asn1.js';
import { distinguishedName, encodedParts, keyId, serialNumber, signCertificate, wholeSeconds } from './certificate.js';
import { children, content, fromDer, isOid } from './der.js';
import type { PkiEnvironment } from './environment.js';
import { authorityExtensions, EXTENSION_OID } from './extensions.js';
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
  const now = environment.now().getTime();
  const fields = {
    serial: serialNumber(environment.random),
    issuer: subject,
    subject,
    notBefore: wholeSeconds(now - validity.backdateHours * HOUR_MS),
    notAfter: wholeSeconds(now + profile.lifetimeDays * DAY_MS),
    publicKey,
    extensions: authorityExtensions(keyId(publicKey)),
  };
  const certificate = signCertificate(fields, key);
  return assemble({ certificate, privateKey: privateKeyPem(key), key, x509: new X509Certificate(certificate) });
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
