import type { PkiFingerprints } from '../state/records.js';
import { renewAuthority } from './authority.js';
import { type PkiEnvironment, REAL_ENVIRONMENT } from './environment.js';
import { foreignPki } from './fingerprints.js';
import { ensureFoundation, type PkiFile } from './foundation.js';
import { authorityFiles, readPkiDirectory } from './pki-files.js';
import { type AuthorityId, authorityId } from './profile-schema.js';
import { loadProfiles } from './profiles.js';
import { renewUsersAuthority, USERS_AUTHORITY, usersAuthorityText } from './users-authority.js';
import { expiringAuthorities } from './validity.js';
import { replaceAuthorityCertificates } from './write-pki.js';

export interface RenewAuthorities {
  /** pki/ of the state directory. The caller holds the state's lock. */
  directory: string;
  /** The PKI the cluster was built with, as far as it was recorded. */
  recorded?: PkiFingerprints | undefined;
  /** Also those whose end is far off. */
  all: boolean;
  environment?: PkiEnvironment;
}

/** What became of one authority. */
export interface AuthorityRenewal {
  /** `users`: that of people. */
  id: AuthorityId | 'users';
  /** The end of the certificate that was found. */
  before: Date;
  /** The end of the one that is there now; absent where it was left as it is. */
  after?: Date;
}

/**
 * Gives authorities new certificates over their keys: those that have ended or end within the lifetime of a leaf, of
 * which every run warns. All that they issued stays good, and leaves that were cut short are issued anew by the next `up`.
 *
 * @throws DisklessError exit 5 when a part of the PKI is lost, damaged, from the future or another cluster's: nothing was
 *   changed then; `pki-not-writable`.
 */
export async function renewAuthorities(options: RenewAuthorities): Promise<AuthorityRenewal[]> {
  const { directory, recorded, all, environment = REAL_ENVIRONMENT } = options;
  const [contents, profiles] = await Promise.all([readPkiDirectory(directory), loadProfiles()]);
  const found = await ensureFoundation({
    contents,
    profiles,
    environment,
    clusterExists: true,
    hasUsersAuthority: recorded?.usersAuthority !== undefined,
    mayBeExpired: true,
  });
  const foreign = recorded && foreignPki(found.foundation, recorded, directory);
  if (foreign) throw foreign;
  const { authorities, users } = found.foundation;
  const expiring = expiringAuthorities({ authorities, users, profiles, now: environment.now() }).map(({ id }) => id);
  const files: PkiFile[] = [];
  const renewals = authorityId.options.map((id): AuthorityRenewal => {
    const authority = authorities[id];
    if (!all && !expiring.includes(id)) return { id, before: authority.notAfter };
    const renewed = renewAuthority({ authority, profile: profiles.authorities[id], environment });
    files.push({ file: authorityFiles(id).certificate, text: renewed.certificate, mode: 0o644 });
    return { id, before: authority.notAfter, after: renewed.notAfter };
  });
  // One that was made just now, beside a cluster of before there was one, is for `up` to keep.
  if (contents.get(USERS_AUTHORITY) !== undefined) {
    const isRenewed = all || expiring.includes('users');
    const renewed = isRenewed ? renewUsersAuthority(users, environment) : undefined;
    if (renewed) files.push({ file: USERS_AUTHORITY, text: usersAuthorityText(renewed), mode: 0o600 });
    renewals.push({ id: 'users', before: users.notAfter, ...(renewed && { after: renewed.notAfter }) });
  }
  await replaceAuthorityCertificates(directory, files);
  return renewals;
}
