import { X509Certificate } from 'node:crypto';
import { authorityFiles, readPkiDirectory } from './pki-files.js';
import { type AuthorityId, authorityId } from './profile-schema.js';

/** When each authority of a state's pki/ ends; one that is not there, or cannot be read, is left out. */
export async function readAuthorityEnds(directory: string): Promise<{ id: AuthorityId; ends: Date }[]> {
  const contents = await readPkiDirectory(directory);
  return authorityId.options.flatMap((id) => {
    const text = contents.get(authorityFiles(id).certificate);
    try {
      return text === undefined ? [] : [{ id, ends: new Date(new X509Certificate(text).validTo) }];
    } catch {
      return [];
    }
  });
}
