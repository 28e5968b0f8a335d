import { refusal } from '../errors.js';
import type { Authority } from './authority.js';
import { REAL_ENVIRONMENT } from './environment.js';
import { usersFingerprint } from './fingerprints.js';
import { readPkiDirectory } from './pki-files.js';
import { loadProfiles } from './profiles.js';
import { missingAuthority, readAuthority } from './read-authority.js';
import { newUsersAuthority, readUsersAuthority, USERS_AUTHORITY, usersAuthorityText } from './users-authority.js';
import { replaceAuthorityCertificates } from './write-pki.js';

/** To sign with. @param directory pki/ of the state directory. @throws refusals `users-ca-not-made`, `users-ca-damaged`, `users-ca-expired` */
export async function openUsersAuthority(directory: string, environment = REAL_ENVIRONMENT): Promise<Authority> {
  const found = readUsersAuthority(await readPkiDirectory(directory));
  if (found && found.notAfter <= environment.now()) {
    throw refusal({
      code: 'users-ca-expired',
      message: `the CA of people ended at ${found.notAfter.toISOString()}`,
      hint: 'k8s-diskless pki renew gives it a new certificate over the same key, and up then brings that to the nodes',
    });
  }
  if (found) return found;
  throw refusal({
    code: 'users-ca-not-made',
    message: 'this cluster has no CA for people yet',
    hint: 'k8s-diskless up makes it, and brings it to the control planes',
  });
}

/**
 * Another CA in the place of the one that is there: what that one signed ends wherever the new bundle is.
 *
 * @param directory pki/ of the state directory; the caller holds the state's lock
 * @returns the text of kube-apiserver's --client-ca-file, and what is to be recorded of it
 */
export async function rotateUsersAuthority(
  directory: string,
  environment = REAL_ENVIRONMENT,
): Promise<{ bundle: string; fingerprint: string }> {
  const [contents, profiles] = await Promise.all([readPkiDirectory(directory), loadProfiles()]);
  const kubernetes = readAuthority({ id: 'kubernetes', contents, now: environment.now() });
  if (!kubernetes) throw missingAuthority(contents, 'kubernetes');
  const authority = await newUsersAuthority(profiles, environment);
  const text = usersAuthorityText(authority);
  await replaceAuthorityCertificates(directory, [{ file: USERS_AUTHORITY, text, mode: 0o600 }]);
  return { bundle: kubernetes.certificate + authority.certificate, fingerprint: usersFingerprint(authority) };
}
