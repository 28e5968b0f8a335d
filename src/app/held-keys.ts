import type { Role } from '../config/spec.js';
import { readCertificate } from '../pki/certificate.js';
import { leafName, receives } from '../pki/leaf-request.js';
import { leafFiles, readPkiDirectory } from '../pki/pki-files.js';
import { loadProfiles } from '../pki/profiles.js';

export interface HeldKeys {
  /** What else than its own certificates could be made with: `the kubernetes CA`. */
  shared: string[];
  /** When the last of its own certificates ends; undefined where none is there. */
  until: Date | undefined;
}

/** What a machine that leaves has held of keys. @param directory pki/ of the state directory */
export async function heldKeys(directory: string, name: string, role: Role): Promise<HeldKeys> {
  const [contents, profiles] = await Promise.all([readPkiDirectory(directory), loadProfiles()]);
  const authorities = Object.entries(profiles.authorities).filter(([, { deliver }]) =>
    deliver.some(({ part, to }) => part === 'key' && receives(to, role)),
  );
  const isControlPlane = role === 'control-plane';
  const ends = Object.keys(profiles.leaves).flatMap((profile) => {
    const certificate = readCertificate(contents.get(leafFiles(leafName(profile, name)).certificate) ?? '');
    return certificate ? [new Date(certificate.validTo)] : [];
  });
  return {
    shared: [
      ...authorities.map(([id]) => `the ${id} CA`),
      ...(isControlPlane ? ['the service-account key', 'the encryption keys', 'all Secrets'] : []),
    ],
    until: ends.toSorted((one, other) => Number(other) - Number(one))[0],
  };
}
