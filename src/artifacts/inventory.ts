import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { etcdProblem } from '../config/etcd-floor.js';
import { newestFirst, parseReleaseVersion } from '../config/release-version.js';
import { type DisklessError, usageError } from '../errors.js';
import { ARCHITECTURES, type Arch, type ArtifactVersions, artifactsFor, cniArchive, etcdArchive } from './catalogue.js';
import { locate } from './directory-source.js';

export interface NewestCompleteOptions {
  /** `--artifacts DIR` */
  directory: string;
  /** Which Kubernetes versions may be chosen, by the version table or because the user named one. */
  supports: (kubernetes: string) => boolean;
}

/**
 * The newest Kubernetes version of which a directory has every binary with its checksum, for at least one
 * architecture, with the newest etcd that is safe to run and the newest CNI plugins it has for the same. Contents are not read; pre-releases are not
 * considered.
 *
 * @throws DisklessError `artifacts-incomplete` (usage) that says what the newest candidate lacks.
 */
export async function newestComplete({ directory, supports }: NewestCompleteOptions): Promise<ArtifactVersions> {
  const root = resolve(directory);
  const kubernetes = (await versionsIn(root, 'kubernetes', '.')).filter(supports);
  const etcdsThere = await versionsIn(root, 'etcd');
  const etcd = etcdsThere.filter((version) => etcdProblem(version) === undefined);
  const unsafe = etcdsThere.filter((version) => !etcd.includes(version));
  const cni = await versionsIn(root, 'cni');
  let lacking: string[] | undefined;
  for (const version of kubernetes) {
    for (const arch of ARCHITECTURES) {
      const versions: ArtifactVersions = {
        kubernetes: version,
        etcd: (await firstPresent(root, etcd, (candidate) => etcdArchive({ version: candidate, arch }))) ?? 'X.Y.Z',
        cni: (await firstPresent(root, cni, (candidate) => cniArchive({ version: candidate, arch }))) ?? 'X.Y.Z',
      };
      const missing = await missingFiles(root, versions, arch);
      if (missing.length === 0) return versions;
      if (lacking === undefined || missing.length < lacking.length) lacking = missing;
    }
  }
  throw incomplete(root, lacking, unsafe);
}

/** Architectures for which a directory has every file of these versions; contents are not read. */
export async function completeArchitectures(directory: string, versions: ArtifactVersions): Promise<Arch[]> {
  const root = resolve(directory);
  const missing = await Promise.all(ARCHITECTURES.map((arch) => missingFiles(root, versions, arch)));
  return ARCHITECTURES.filter((_, index) => missing[index]?.length === 0);
}

/** Version folders (`v1.37.2`) under any of some folders, newest first. */
async function versionsIn(root: string, ...folders: string[]): Promise<string[]> {
  const names = await Promise.all(folders.map((folder) => readdir(join(root, folder)).catch(() => [])));
  const versions = names
    .flat()
    .filter((name) => name.startsWith('v'))
    .map((name) => name.slice(1));
  return [...new Set(versions)].filter((version) => parseReleaseVersion(version) !== undefined).sort(newestFirst);
}

async function firstPresent(
  root: string,
  versions: readonly string[],
  fileOf: (version: string) => Parameters<typeof locate>[1],
): Promise<string | undefined> {
  for (const version of versions) {
    if (await locate(root, fileOf(version))) return version;
  }
  return undefined;
}

async function missingFiles(root: string, versions: ArtifactVersions, arch: Arch): Promise<string[]> {
  const artifacts = artifactsFor({ versions, arch, roles: new Set(['control-plane', 'worker']) });
  const releases = new Map(artifacts.map(({ release }) => [release.paths[0], release]));
  const checked = await Promise.all(
    [...releases].map(async ([path, release]) => {
      const found = await locate(root, release);
      if (found === undefined) return path;
      return found.expected === undefined ? `the checksum of ${path}` : undefined;
    }),
  );
  return checked.filter((path) => path !== undefined);
}

/** @param unsafe etcd versions that are there and are passed over */
function incomplete(root: string, lacking: readonly string[] | undefined, unsafe: readonly string[]): DisklessError {
  const missing = lacking?.map((path) => `missing ${path}`) ?? [
    `there is no supported version in ${join(root, 'kubernetes')}, nor directly in ${root}`,
  ];
  const unusable = unsafe.map((version) => `not used: ${join(root, 'etcd', `v${version}`)}: ${etcdProblem(version)}`);
  return usageError({
    code: 'artifacts-incomplete',
    message: `the directory ${root} has no complete Kubernetes version that is supported`,
    detail: [...missing, ...unusable].join('\n'),
    hint: 'its layout is kubernetes/vX.Y.Z/bin/linux/ARCH/NAME, etcd/vX.Y.Z/ and cni/vX.Y.Z/, each file with its checksum',
  });
}
