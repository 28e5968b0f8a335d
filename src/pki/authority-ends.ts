import { X509Certificate } from 'node:crypto';
import { authorityFiles, readPkiDirectory } from './pki-files.js';
import { type AuthorityId, authorityId } from './profile-schema.js';
import { USERS_AUTHORITY } from './users-authority.js';

export interface AuthorityEnd {
  /** `users`: that of people. */
  id: AuthorityId | 'users';
  ends: Date;
}

/** When each authority of a state's pki/ ends; one that is not there, or cannot be read, is left out. */
export async function readAuthorityEnds(directory: string): Promise<AuthorityEnd[]> {
  const contents = await readPkiDirectory(directory);
  const files = [
    ...authorityId.options.map((id) => ({ id, file: authorityFiles(id).certificate })),
    { id: 'users' as const, file: USERS_AUTHORITY },
  ];
  return files.flatMap(({ id, file }) => {
    // Behind its key, in the file of the users' CA.
    const text = contents.get(file)?.replace(/^.*(?=-----BEGIN CERTIFICATE-----)/s, '');
    try {
      return text === undefined ? [] : [{ id, ends: new Date(new X509Certificate(text).validTo) }];
    } catch {
      return [];
    }
  });
}
