import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { etcdProblem } from '../config/etcd-floor.js';
import { newestFirst, parseReleaseVersion } from '../config/release-version.js';
import {
  ARCHITECTURES,
  type Arch,
  type ArtifactVersions,
  artifactsFor,
  cniArchive,
  etcdArchive,
  kubernetesBinary,
  NODE_BINARIES,
} from './catalogue.js';
import { locate } from './directory-source.js';
import { type Binaries, incomplete, mixedVersions, unsupported } from './inventory-errors.js';

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
 * @throws DisklessError (usage) `artifacts-incomplete` that says what the newest candidate lacks, `artifacts-mixed`
 * where it has the binaries, but of different versions, `artifacts-unsupported` where it has only other versions.
 */
export async function newestComplete({ directory, supports }: NewestCompleteOptions): Promise<ArtifactVersions> {
  const root = resolve(directory);
  const present = await versionsIn(root, 'kubernetes', '.');
  const kubernetes = present.filter(supports);
  if (present.length > 0 && kubernetes.length === 0) throw unsupported(root, present);
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
  const mixed = await mixedBinaries(root, kubernetes);
  throw mixed === undefined ? incomplete(root, { lacking, unsafe }) : mixedVersions(root, mixed);
}

/**
 * Architectures for which a directory has every file of these versions; where it has none whole, the one of which it
 * lacks least. Contents are not read.
 */
export async function offeredArchitectures(directory: string, versions: ArtifactVersions): Promise<Arch[]> {
  const root = resolve(directory);
  const missing = await Promise.all(ARCHITECTURES.map((arch) => missingFiles(root, versions, arch)));
  const complete = ARCHITECTURES.filter((_, index) => missing[index]?.length === 0);
  if (complete.length > 0) return complete;
  const counts = missing.map(({ length }) => length);
  return ARCHITECTURES.slice(counts.indexOf(Math.min(...counts))).slice(0, 1);
}

/** Which binaries it has of which version, where all are there for one architecture, but never of one version. */
async function mixedBinaries(root: string, versions: readonly string[]): Promise<Binaries | undefined> {
  for (const arch of ARCHITECTURES) {
    const held = new Map<string, readonly string[]>();
    for (const version of versions) held.set(version, await binariesOf(root, version, arch));
    const everywhere = new Set([...held.values()].flat());
    const isWhole = [...held.values()].some(({ length }) => length === NODE_BINARIES.length);
    if (everywhere.size === NODE_BINARIES.length && !isWhole) return held;
  }
  return undefined;
}

async function binariesOf(root: string, version: string, arch: Arch): Promise<string[]> {
  const found = await Promise.all(
    NODE_BINARIES.map(async (name) => {
      return (await locate(root, kubernetesBinary({ name, version, arch }))) === undefined ? [] : [name];
    }),
  );
  return found.flat();
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
