import type { X509Certificate } from 'node:crypto';
import type { Asn1 } from 'node-forge/lib/asn1.js';
import type { Authority } from './authority.js';
import {
  type CertificateFields,
  distinguishedName,
  encodedParts,
  isCertificateOf,
  keyId,
  readCertificate,
  serialNumber,
  signCertificate,
} from './certificate.js';
import type { PkiEnvironment } from './environment.js';
import { leafExtensions } from './extensions.js';
import type { Authorities } from './foundation.js';
import { encodedPublicKey, newPrivateKey, privateKeyPem, readPrivateKey } from './keys.js';
import type { LeafRequest } from './leaf-request.js';
import type { PkiProfiles } from './profile-schema.js';
import { DAY_MS, issuedAt, leafPeriod, periodOf } from './validity.js';

/** A leaf in PEM. */
export interface Leaf {
  certificate: string;
  privateKey: string;
}

/** Why a leaf that is there is issued anew. */
export type RenewalReason =
  | 'expires'
  /** One issued today would last longer: its issuer was renewed, or its profile says so. */
  | 'cut-short'
  | 'not-yet-valid'
  | 'profile-changed'
  | 'issuer-changed'
  | 'incomplete'
  | 'damaged';

export type LeafVerdict =
  | { action: 'reuse'; leaf: Leaf }
  | { action: 'issue' }
  | { action: 'renew'; reason: RenewalReason }
  /** Signed by an authority that is none of ours: one of the two came from elsewhere. */
  | { action: 'refuse' };

interface IssueLeaf {
  request: LeafRequest;
  authority: Authority;
  validity: PkiProfiles['validity'];
  environment: PkiEnvironment;
}

export async function issueLeaf({ request, authority, validity, environment }: IssueLeaf): Promise<Leaf> {
  const key = await newPrivateKey();
  const fields = leafFields({
    request,
    authority,
    validity,
    publicKey: encodedPublicKey(key),
    serial: serialNumber(environment.random),
    now: environment.now(),
  });
  return { certificate: signCertificate(fields, authority.key), privateKey: privateKeyPem(key) };
}

interface JudgeLeaf {
  request: LeafRequest;
  found: Partial<Leaf>;
  authorities: Authorities;
  validity: PkiProfiles['validity'];
  now: Date;
}

/** Whether what lies on disk is what would be issued today. Pure. */
export function judgeLeaf({ request, found, authorities, validity, now }: JudgeLeaf): LeafVerdict {
  const { certificate, privateKey } = found;
  if (certificate === undefined && privateKey === undefined) return { action: 'issue' };
  if (certificate === undefined || privateKey === undefined) return { action: 'renew', reason: 'incomplete' };
  const x509 = readCertificate(certificate);
  if (!x509) return { action: 'renew', reason: 'damaged' };
  const authority = authorities[request.issuer];
  if (!x509.checkIssued(authority.x509)) {
    const ours = Object.values(authorities).some((other) => x509.checkIssued(other.x509));
    return ours ? { action: 'renew', reason: 'issuer-changed' } : { action: 'refuse' };
  }
  const key = readPrivateKey(privateKey);
  if (!key || !x509.checkPrivateKey(key) || !x509.verify(authority.x509.publicKey)) {
    return { action: 'renew', reason: 'damaged' };
  }
  const reason = outOfDate({ request, authority, validity, now, x509 });
  return reason ? { action: 'renew', reason } : { action: 'reuse', leaf: { certificate, privateKey } };
}

interface OutOfDate {
  request: LeafRequest;
  authority: Authority;
  validity: PkiProfiles['validity'];
  now: Date;
  x509: X509Certificate;
}

function outOfDate({ request, authority, validity, now, x509 }: OutOfDate): RenewalReason | undefined {
  const { notBefore, notAfter } = periodOf(x509);
  if (now < notBefore) return 'not-yet-valid';
  const asIssuedToday = leafFields({
    request,
    authority,
    validity,
    publicKey: encodedParts(x509).publicKey,
    serial: Buffer.from(x509.serialNumber, 'hex'),
    now: issuedAt(notBefore, validity),
  });
  const isCutShort = notAfter < asIssuedToday.notAfter;
  if (!isCertificateOf(isCutShort ? { ...asIssuedToday, notAfter } : asIssuedToday, x509)) return 'profile-changed';
  if (isCutShort) return 'cut-short';
  const due = notAfter.getTime() - validity.renewBeforeDays * DAY_MS;
  const { lifetimeDays } = request;
  const renewed = leafPeriod({ issuedAt: now, lifetimeDays, validity, issuerNotAfter: authority.notAfter });
  // Close to its issuer's own end a new leaf would end on the same day: renewing it at every run would gain nothing.
  return now.getTime() > due && renewed.notAfter > notAfter ? 'expires' : undefined;
}

interface LeafFields {
  request: LeafRequest;
  authority: Authority;
  validity: PkiProfiles['validity'];
  publicKey: Asn1;
  serial: Buffer;
  now: Date;
}

function leafFields({ request, authority, validity, publicKey, serial, now }: LeafFields): CertificateFields {
  const { subject, sans, usages, lifetimeDays } = request;
  return {
    serial,
    issuer: authority.subject,
    subject: distinguishedName(subject),
    ...leafPeriod({ issuedAt: now, lifetimeDays, validity, issuerNotAfter: authority.notAfter }),
    publicKey,
    extensions: leafExtensions({ usages, sans, subjectKeyId: keyId(publicKey), authorityKeyId: authority.keyId }),
  };
}
