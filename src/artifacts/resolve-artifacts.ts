import pLimit from 'p-limit';
import type { Role } from '../config/spec.js';
import { DisklessError, usageError } from '../errors.js';
import { extractMembers } from './archive-members.js';
import type { Cache } from './cache.js';
import { type Arch, type Artifact, type ArtifactVersions, artifactsFor, type ReleaseFile } from './catalogue.js';
import { elfArchitecture } from './elf.js';
import type { ArtifactSource, LocalFile, ObtainOptions } from './source.js';

export interface ResolveOptions extends ObtainOptions {
  versions: ArtifactVersions;
  arch: Arch;
  roles: ReadonlySet<Role>;
  source: ArtifactSource;
  cache: Cache;
}

/** Enough to fill a line with several connections, few enough for a small mirror. */
const PARALLEL = 4;

/**
 * Every file the nodes of one architecture need, verified and on this machine, by its name on the node.
 *
 * @throws DisklessError with all that is wrong at once: `artifact-missing`, `artifact-corrupt`… when it is one kind of
 * trouble, else `artifacts-unusable`.
 */
export async function resolveArtifacts(options: ResolveOptions): Promise<ReadonlyMap<string, LocalFile>> {
  const limit = pLimit(PARALLEL);
  const outcomes = await Promise.allSettled(
    byRelease(artifactsFor(options)).map((artifacts) => limit(() => resolveRelease(artifacts, options))),
  );
  options.signal?.throwIfAborted();
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  if (failures.length > 0) throw combined(failures, options);
  return new Map(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : [])));
}

/** Artifacts of one archive together, so that it is obtained once. */
function byRelease(artifacts: readonly Artifact[]): Artifact[][] {
  const groups = new Map<string, Artifact[]>();
  for (const artifact of artifacts) {
    const [key] = artifact.release.paths;
    groups.set(key, [...(groups.get(key) ?? []), artifact]);
  }
  return [...groups.values()];
}

async function resolveRelease(artifacts: readonly Artifact[], options: ResolveOptions): Promise<[string, LocalFile][]> {
  const [first] = artifacts;
  if (first === undefined) return [];
  const { source, cache, signal } = options;
  const archive = await source.obtain(first.release, options);
  const members = artifacts.flatMap(({ member }) => member ?? []);
  const extracted = members.length > 0 ? await extractMembers({ archive, members, cache, signal }) : undefined;
  return Promise.all(
    artifacts.map(async ({ name, member, release }): Promise<[string, LocalFile]> => {
      const file = (member === undefined ? undefined : extracted?.get(member)) ?? archive;
      await refuseOtherArchitecture(file, name, release);
      return [name, file];
    }),
  );
}

/** A file in the wrong folder has the right checksum, and would only say "Exec format error" on the node. */
async function refuseOtherArchitecture(file: LocalFile, name: string, release: ReleaseFile): Promise<void> {
  const arch = await elfArchitecture(file.path);
  if (arch === undefined || arch === release.arch) return;
  throw usageError({
    code: 'artifact-architecture',
    message: `${name} (${release.title}) was built for ${arch}`,
    detail: `it is ${file.path}`,
    hint: `replace it by the one for ${release.arch} from ${release.upstream}`,
  });
}

function combined(failures: readonly unknown[], { source, arch }: ResolveOptions): unknown {
  const own = failures.filter((failure) => failure instanceof DisklessError);
  // Anything else is a bug of ours, and more urgent than what it may have caused.
  if (own.length < failures.length) return failures.find((failure) => !(failure instanceof DisklessError));
  // A full disk stops all of them, and is told of once.
  const known = [...new Map(own.map((failure) => [failure.message, failure])).values()];
  const [first] = known;
  if (first === undefined) return undefined;
  if (known.length === 1) return first;
  const sameKind = known.every(({ code }) => code === first.code);
  return new DisklessError({
    code: sameKind ? first.code : 'artifacts-unusable',
    exit: Math.max(...known.map(({ exit }) => exit)) as DisklessError['exit'],
    message: `${known.length} artifacts for linux/${arch} cannot be used from ${source.title}`,
    detail: known.map(({ message, detail }) => [message, ...indented(detail)].join('\n')).join('\n'),
    ...(first.hint !== undefined && { hint: first.hint }),
    cause: first,
  });
}

function indented(detail: string | undefined): string[] {
  return detail === undefined ? [] : detail.split('\n').map((line) => `  ${line}`);
}
