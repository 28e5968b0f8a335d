import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { DisklessError, EXIT } from '../errors.js';
import { packageFile } from '../package-files.js';
import { authoritiesFile, leavesFile, type PkiProfiles } from './profile-schema.js';

const PACKAGED = fileURLToPath(packageFile('pki/'));

/**
 * Reads and checks authorities.yaml and leaves.yaml.
 *
 * @throws DisklessError `pki-profiles-invalid`: the package itself is damaged (exit 1).
 */
export async function loadProfiles(directory: string = PACKAGED): Promise<PkiProfiles> {
  const [authorities, leaves] = await Promise.all([
    loadFile(directory, 'authorities.yaml', authoritiesFile),
    loadFile(directory, 'leaves.yaml', leavesFile),
  ]);
  const profiles = { ...authorities, ...leaves };
  refuseSharedPaths(profiles, directory);
  return profiles;
}

async function loadFile<T>(directory: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(`${directory}/${name}`, 'utf8');
  const result = schema.safeParse(parse(text));
  if (result.success) return result.data;
  throw invalid(`${directory}/${name}`, z.prettifyError(result.error), result.error);
}

/** Two entries with one destination would overwrite each other, on some nodes only. */
function refuseSharedPaths(profiles: PkiProfiles, directory: string): void {
  const seen = new Set<string>();
  for (const path of destinations(profiles)) {
    if (seen.has(path)) throw invalid(directory, `${path} is the destination of two entries`);
    seen.add(path);
  }
}

function destinations({ authorities, bundles, serviceAccount, encryption, leaves }: PkiProfiles): string[] {
  return [
    ...Object.values(authorities).flatMap(({ deliver }) => deliver.map(({ path }) => path)),
    ...Object.values(bundles).map(({ path }) => path),
    ...serviceAccount.deliver.map(({ path }) => path),
    encryption.path,
    ...Object.values(leaves).flatMap(({ deliver, kubeconfig }) => [
      ...deliver.map(({ path }) => path),
      ...(kubeconfig ? [kubeconfig.path] : []),
    ]),
  ];
}

function invalid(place: string, detail: string, cause?: unknown): DisklessError {
  return new DisklessError({
    code: 'pki-profiles-invalid',
    message: `the certificate profiles in ${place} are not valid`,
    exit: EXIT.bug,
    hint: 'install k8s-diskless again',
    detail,
    cause,
  });
}
