import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Asn1 } from 'node-forge/lib/asn1.js';
import { distinguishedName, keyId, serialNumber, signCertificate, wholeSeconds } from './certificate.js';
import { children, content, fromDer, isOid } from './der.js';
import type { PkiEnvironment } from './environment.js';
import { authorityExtensions, EXTENSION_OID } from './extensions.js';
import { newPrivateKey, privateKeyPem } from './keys.js';
import type { AuthorityProfile, PkiProfiles } from './profile-schema.js';
import { DAY_MS, HOUR_MS } from './validity.js';

/** A CA that is ready to sign. */
export interface Authority {
  /** PEM. */
  certificate: string;
  /** PEM, PKCS#8. */
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
  const publicKey = createPublicKey(key);
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
  const [tbs] = children(fromDer(parts.x509.raw));
  const [, , , , , subject, , extensions] = children(tbs);
  if (!subject) throw new TypeError('a certificate without a subject');
  return {
    ...parts,
    notAfter: new Date(parts.x509.validTo),
    subject,
    keyId: subjectKeyIdentifier(extensions) ?? keyId(parts.x509.publicKey),
  };
}

function subjectKeyIdentifier(extensions: Asn1 | undefined): Buffer | undefined {
  const [list] = children(extensions);
  const found = children(list).find((entry) => isOid(children(entry)[0], EXTENSION_OID.subjectKeyIdentifier));
  const value = children(found).at(-1);
  return value && content(fromDer(content(value)));
}
