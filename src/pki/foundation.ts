import { createPublicKey } from 'node:crypto';
import { refusal } from '../errors.js';
import { type Authority, createAuthority } from './authority.js';
import { type EncryptionKeys, formatEncryptionKeys, newEncryptionKeys, readEncryptionKeys } from './encryption.js';
import type { PkiEnvironment } from './environment.js';
import { newPrivateKey, privateKeyPem, publicKeyPem, readPrivateKey, readPublicKey } from './keys.js';
import {
  AUTHORITY_DIRECTORY,
  authorityFiles,
  ENCRYPTION_KEYS,
  LEAF_DIRECTORY,
  type PkiContents,
  SERVICE_ACCOUNT_KEY,
  SERVICE_ACCOUNT_PUBLIC_KEY,
} from './pki-files.js';
import { type AuthorityId, authorityId, type PkiProfiles } from './profile-schema.js';
import { missingAuthority, readAuthority, restoreHint } from './read-authority.js';
import {
  missingUsersAuthority,
  newUsersAuthority,
  readUsersAuthority,
  USERS_AUTHORITY,
  usersAuthorityText,
} from './users-authority.js';

/** A file to be written, relative to pki/; private keys and lists of keys are 0600. */
export interface PkiFile {
  file: string;
  text: string;
  mode: number;
}

export type Authorities = Record<AuthorityId, Authority>;

/** What a cluster gets once and keeps for life. */
export interface Foundation {
  authorities: Authorities;
  /** Signs people's certificates; its key never leaves the operator. */
  users: Authority;
  /** PEM. */
  serviceAccount: { privateKey: string; publicKey: string };
  encryptionKeys: EncryptionKeys;
}

interface EnsureFoundation {
  contents: PkiContents;
  profiles: PkiProfiles;
  environment: PkiEnvironment;
  /** A cluster was built before: what is missing was lost, and must not be made anew. */
  clusterExists: boolean;
  /** This cluster has one: it is not made anew. */
  hasUsersAuthority?: boolean | undefined;
  /** Authorities that have expired are read all the same, to be renewed. */
  mayBeExpired?: boolean;
}

/**
 * Reads the foundation, or makes it when nothing was ever built on it.
 *
 * @returns the foundation, and the files that are not on disk yet.
 * @throws DisklessError (exit 5) when a part is lost, damaged, expired or does not belong to the others.
 */
export async function ensureFoundation(
  options: EnsureFoundation,
): Promise<{ foundation: Foundation; files: PkiFile[] }> {
  const { contents, environment } = options;
  const mayCreate =
    !options.clusterExists && !contents.hasAnyIn(AUTHORITY_DIRECTORY) && !contents.hasAnyIn(LEAF_DIRECTORY);
  const { authorities, files } = await ensureAuthorities(options, mayCreate);
  const account = await ensureServiceAccount(contents, mayCreate);
  const encryption = ensureEncryptionKeys(contents, environment, mayCreate);
  const people = await ensureUsersAuthority(options);
  const foundation = {
    authorities,
    users: people.authority,
    serviceAccount: account.pair,
    encryptionKeys: encryption.keys,
  };
  return { foundation, files: [...account.files, ...encryption.files, ...people.files, ...files] };
}

async function ensureAuthorities(options: EnsureFoundation, mayCreate: boolean) {
  const { contents, profiles, environment, mayBeExpired } = options;
  const authorities: Partial<Authorities> = {};
  const files: PkiFile[] = [];
  for (const id of authorityId.options) {
    const existing = readAuthority({ id, contents, now: environment.now(), mayBeExpired });
    if (!existing && !mayCreate) throw missingAuthority(contents, id);
    const { validity } = profiles;
    const authority = existing ?? (await createAuthority({ profile: profiles.authorities[id], validity, environment }));
    authorities[id] = authority;
    if (existing) continue;
    const names = authorityFiles(id);
    files.push({ file: names.key, text: authority.privateKey, mode: 0o600 });
    files.push({ file: names.certificate, text: authority.certificate, mode: 0o644 });
  }
  return { authorities: authorities as Authorities, files };
}

/** Also beside a cluster that was built before there was such an authority. */
async function ensureUsersAuthority({ contents, profiles, environment, hasUsersAuthority }: EnsureFoundation) {
  const existing = readUsersAuthority(contents);
  if (existing) return { authority: existing, files: [] };
  if (hasUsersAuthority) throw missingUsersAuthority(contents);
  const authority = await newUsersAuthority(profiles, environment);
  return { authority, files: [{ file: USERS_AUTHORITY, text: usersAuthorityText(authority), mode: 0o600 }] };
}

async function ensureServiceAccount(contents: PkiContents, mayCreate: boolean) {
  const [privateText, publicText] = [contents.get(SERVICE_ACCOUNT_KEY), contents.get(SERVICE_ACCOUNT_PUBLIC_KEY)];
  const path = contents.path(SERVICE_ACCOUNT_KEY);
  const hint = restoreHint(contents.directory);
  if (privateText === undefined) {
    if (!mayCreate || publicText !== undefined) {
      throw refusal({ code: 'service-account-key-missing', message: `${path} is missing`, hint });
    }
    const privateKey = privateKeyPem(await newPrivateKey());
    return serviceAccountOf(privateKey, [{ file: SERVICE_ACCOUNT_KEY, text: privateKey, mode: 0o600 }]);
  }
  const key = readPrivateKey(privateText);
  if (!key) {
    const message = `${path} is not a whole P-256 private key`;
    throw refusal({ code: 'service-account-key-unreadable', message, hint });
  }
  if (publicText === undefined) return serviceAccountOf(privateText, []);
  if (!readPublicKey(publicText)?.equals(createPublicKey(key))) {
    const message = `${path} and ${contents.path(SERVICE_ACCOUNT_PUBLIC_KEY)} are not a pair`;
    throw refusal({ code: 'service-account-key-mismatch', message, hint });
  }
  return { pair: { privateKey: privateText, publicKey: publicText }, files: [] };
}

/** The public half follows from the private one, so a missing one (a power cut between the two) is simply written. */
function serviceAccountOf(privateKey: string, files: PkiFile[]) {
  const publicKey = publicKeyPem(privateKey);
  const publicFile = { file: SERVICE_ACCOUNT_PUBLIC_KEY, text: publicKey, mode: 0o644 };
  return { pair: { privateKey, publicKey }, files: [...files, publicFile] };
}

function ensureEncryptionKeys(contents: PkiContents, environment: PkiEnvironment, mayCreate: boolean) {
  const text = contents.get(ENCRYPTION_KEYS);
  const path = contents.path(ENCRYPTION_KEYS);
  const hint = restoreHint(contents.directory);
  if (text === undefined) {
    if (!mayCreate) throw refusal({ code: 'encryption-keys-missing', message: `${path} is missing`, hint });
    const keys = newEncryptionKeys(environment.random);
    return { keys, files: [{ file: ENCRYPTION_KEYS, text: formatEncryptionKeys(keys), mode: 0o600 }] };
  }
  const keys = readEncryptionKeys(text);
  if (!keys) {
    const message = `${path} is not a list of encryption keys`;
    throw refusal({ code: 'encryption-keys-unreadable', message, hint });
  }
  return { keys, files: [] };
}
