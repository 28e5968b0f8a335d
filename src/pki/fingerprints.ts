import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { type DisklessError, refusal } from '../errors.js';
import type { PkiFingerprints } from '../state/records.js';
import type { Foundation } from './foundation.js';
import { authorityId } from './profile-schema.js';
import { restoreHint } from './read-authority.js';
import { USERS_AUTHORITY_REMEDY } from './users-authority.js';

/** Of public keys, so that an authority may get a new certificate for its key; of an encryption key, of the secret. */
export function fingerprintsOf({ authorities, users, serviceAccount, encryptionKeys }: Foundation): PkiFingerprints {
  const ofAuthorities = authorityId.options.map((id) => [id, ofPublicKey(authorities[id].x509.publicKey)] as const);
  return {
    authorities: Object.fromEntries(ofAuthorities),
    serviceAccount: ofPublicKey(createPublicKey(serviceAccount.publicKey)),
    encryptionKeys: encryptionKeys.map(({ secret }) => sha256(Buffer.from(secret, 'base64'))),
    usersAuthority: usersFingerprint(users),
  };
}

/**
 * What differs from the PKI a cluster was built with, in words; empty when it is the same. Encryption keys are rotated,
 * so one of them that is still there is enough.
 */
function differences(found: PkiFingerprints, recorded: PkiFingerprints): string[] {
  const authorities = authorityId.options.filter((id) => {
    const known = recorded.authorities[id];
    return known !== undefined && known !== found.authorities[id];
  });
  const shared = recorded.encryptionKeys.some((key) => found.encryptionKeys.includes(key));
  return [
    ...authorities.map((id) => `the ${id} CA`),
    ...(recorded.serviceAccount === found.serviceAccount ? [] : ['the service-account key']),
    ...(shared ? [] : ['the encryption keys']),
  ];
}

/**
 * A pki/ that is whole and belongs to another cluster: rolled out, it would lock everybody out and make what is encrypted
 * in etcd unreadable.
 */
export function foreignPki(
  foundation: Foundation,
  recorded: PkiFingerprints,
  directory: string,
): DisklessError | undefined {
  const found = fingerprintsOf(foundation);
  const differing = differences(found, recorded);
  if (differing.length === 0) return otherUsersAuthority(found, recorded, directory);
  const message = `${directory} is not what this cluster was built with: ${differing.join(', ')} differ${differing.length === 1 ? 's' : ''}`;
  return refusal({ code: 'pki-foreign', message, hint: restoreHint(directory) });
}

/** One of before a rotation would revive what that ended. */
function otherUsersAuthority(
  { usersAuthority }: PkiFingerprints,
  recorded: PkiFingerprints,
  directory: string,
): DisklessError | undefined {
  if (recorded.usersAuthority === undefined || recorded.usersAuthority === usersAuthority) return undefined;
  return refusal({
    code: 'users-ca-foreign',
    message: `the users' CA in ${directory} is not the one that this cluster has`,
    hint: USERS_AUTHORITY_REMEDY,
  });
}

/** What is recorded of the users' CA. */
export function usersFingerprint({ x509 }: Foundation['users']): string {
  return ofPublicKey(x509.publicKey);
}

const ofPublicKey = (key: KeyObject): string => sha256(key.export({ type: 'spki', format: 'der' }));
const sha256 = (bytes: Buffer): string => `SHA256:${createHash('sha256').update(bytes).digest('base64')}`;
