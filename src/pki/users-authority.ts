import { type DisklessError, refusal } from '../errors.js';
import { type Authority, assemble, createAuthority, renewAuthority } from './authority.js';
import { readCertificate } from './certificate.js';
import type { PkiEnvironment } from './environment.js';
import { readPrivateKey } from './keys.js';
import type { PkiContents } from './pki-files.js';
import type { PkiProfiles } from './profile-schema.js';

/** Key and certificate in one file of pki/, so that a rotation replaces both or none. */
export const USERS_AUTHORITY = 'users-ca.pem';

export const USERS_AUTHORITY_REMEDY =
  'put its latest copy back (a state export has one), or make another with k8s-diskless users rotate-ca, which ends every kubeconfig of people';

/** Without a name: a renewed one keeps its own. */
const PROFILE = { subject: { commonName: '', organizations: [] }, lifetimeDays: 3650, deliver: [] };
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/;

/**
 * The CA of people's certificates, which kube-apiserver accepts beside the cluster's. It is no part of what identifies a
 * cluster: one that is not there is made, and one that is replaced ends every certificate it signed.
 */
export function newUsersAuthority(profiles: PkiProfiles, environment: PkiEnvironment): Promise<Authority> {
  // A name that is never the same again: by it and the key identifier a verifier looks for the issuer.
  const commonName = `users-ca-${environment.random(6).toString('hex')}`;
  const profile = { ...PROFILE, subject: { commonName, organizations: [] } };
  return createAuthority({ profile, validity: profiles.validity, environment });
}

/** The same CA with a certificate that ends later: what people have stays good. */
export function renewUsersAuthority(authority: Authority, environment: PkiEnvironment): Authority {
  return renewAuthority({ authority, profile: PROFILE, environment });
}

/** As the file holds it. */
export function usersAuthorityText({ privateKey, certificate }: Authority): string {
  return privateKey + certificate;
}

/** One that was made: another in its place ends every kubeconfig of people, which a person has to say. */
export function missingUsersAuthority(contents: PkiContents): DisklessError {
  return refusal({
    code: 'users-ca-missing',
    message: `${contents.path(USERS_AUTHORITY)} is missing`,
    hint: USERS_AUTHORITY_REMEDY,
  });
}

/** undefined where none was made yet. @throws refusal `users-ca-damaged` */
export function readUsersAuthority(contents: PkiContents): Authority | undefined {
  const text = contents.get(USERS_AUTHORITY);
  if (text === undefined) return undefined;
  const certificate = CERTIFICATE.exec(text)?.[0] ?? '';
  const privateKey = text.replace(certificate, '');
  const [x509, key] = [readCertificate(certificate), readPrivateKey(privateKey)];
  if (x509?.ca && key && x509.checkPrivateKey(key)) {
    return assemble({ certificate, privateKey, key, x509 });
  }
  throw refusal({
    code: 'users-ca-damaged',
    message: `${contents.path(USERS_AUTHORITY)} is not a CA with its key`,
    hint: USERS_AUTHORITY_REMEDY,
  });
}
