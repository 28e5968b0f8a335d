import { type Cache, defaultCacheRoot, openCache } from '../artifacts/cache.js';
import { contentInStage } from '../artifacts/content-in-stage.js';
import { directorySource } from '../artifacts/directory-source.js';
import { downloadSettings } from '../artifacts/download.js';
import { httpSource } from '../artifacts/http-source.js';
import { readImages } from '../artifacts/images.js';
import { newestComplete, offeredArchitectures } from '../artifacts/inventory.js';
import { fetchHint } from '../artifacts/inventory-errors.js';
import { localContent } from '../artifacts/local-content.js';
import type { OnArtifactProgress } from '../artifacts/progress.js';
import type { ArtifactSource } from '../artifacts/source.js';
import { knownVersion } from '../config/known-version.js';
import type { VersionDefaults } from '../config/settings.js';
import type { ClusterSpec } from '../config/spec.js';
import { type UpgradeRecord, withVersions } from '../config/upgrade-stages.js';
import { NEWEST, versionRow } from '../config/version-table.js';
import type { ContentSource } from '../delivery/content-source.js';
import { DisklessError, ownError, usageError } from '../errors.js';
import { goArchitecture } from '../facts/architecture.js';
import type { NodeRecord } from '../state/records.js';

/** Where binaries and images come from, as the flags and the config file say. */
export interface ContentPlace {
  /** Directory in the layout of the upstream mirror. */
  artifacts?: string;
  mirror?: string;
  images?: string;
}

export interface ContentInputs {
  cache: Cache;
  source: ArtifactSource;
  place: ContentPlace;
  progress: OnArtifactProgress;
  signal: AbortSignal;
}

export async function openContent(
  place: ContentPlace,
  options: { progress: OnArtifactProgress; signal: AbortSignal; recheck: boolean },
): Promise<ContentInputs> {
  const cache = await openCache({ root: defaultCacheRoot(process.env), recheck: options.recheck });
  const { artifacts, mirror } = place;
  const source =
    artifacts === undefined
      ? httpSource({ cache, settings: downloadSettings(process.env), ...(mirror !== undefined && { mirror }) })
      : directorySource({ directory: artifacts, cache });
  return { cache, source, place, progress: options.progress, signal: options.signal };
}

/** Versions of a new cluster: the newest of the table, or the newest that is complete in the directory. */
export async function versionDefaults(inputs: ContentInputs, asked: string | undefined): Promise<VersionDefaults> {
  const { artifacts, images } = inputs.place;
  const sandboxImage = images === undefined ? undefined : await pauseAmong(inputs, images);
  const pause = sandboxImage === undefined ? {} : { sandboxImage };
  if (artifacts === undefined) return { kubernetes: NEWEST.kubernetes, ...pause };
  if (asked !== undefined) return { ...(await completeVersion(artifacts, asked)), ...pause };
  const supports = (version: string): boolean => knownVersion(version) !== undefined;
  return { ...(await newestComplete({ directory: artifacts, supports })), ...pause };
}

const INCOMPLETE = new Set(['artifacts-incomplete', 'artifacts-unsupported']);

/** The version asked for, with the etcd and CNI plugins that lie beside it. */
async function completeVersion(directory: string, asked: string): Promise<VersionDefaults> {
  const kubernetes = asked.replace(/^v/, '');
  versionRow(kubernetes);
  return newestComplete({ directory, supports: (version) => version === kubernetes }).catch((cause) => {
    if (!(cause instanceof DisklessError) || !INCOMPLETE.has(cause.code)) throw cause;
    throw usageError({
      code: cause.code,
      message: `Kubernetes ${kubernetes} is not complete in the directory ${directory}`,
      detail: cause.detail ?? '',
      hint: fetchHint(kubernetes, directory),
      cause,
    });
  });
}

/** An offline site's own pause image decides which one containerd is told to use. */
async function pauseAmong({ cache, progress, signal }: ContentInputs, directory: string): Promise<string | undefined> {
  const archives = await readImages({ directory, cache, progress, signal });
  return archives.flatMap(({ references }) => references).find((name) => /(^|\/)pause:[^/]+$/.test(name));
}

/** What nodes are to hold: in the middle of an upgrade of both versions. */
export async function contentOf(
  inputs: ContentInputs,
  spec: ClusterSpec,
  upgrade?: UpgradeRecord,
): Promise<ContentSource> {
  if (upgrade === undefined) return contentOfVersions(inputs, spec);
  const [from, to] = await Promise.all([
    contentOfVersions(inputs, withVersions(spec, upgrade.from)),
    contentOfVersions(inputs, withVersions(spec, upgrade.to)),
  ]);
  return contentInStage({ upgrade, from, to });
}

function contentOfVersions(
  { cache, source, place, progress, signal }: ContentInputs,
  spec: ClusterSpec,
): Promise<ContentSource> {
  const { kubernetes, etcd, cni } = spec;
  return localContent({
    versions: { kubernetes, etcd, cni },
    source,
    cache,
    env: process.env,
    progress,
    signal,
    ...(place.images !== undefined && { images: place.images }),
  });
}

/**
 * Bad artifacts are bad input, told before any connection is made: those for the machines we know, or of a directory
 * for any machine at all. What cannot be had for some architectures only is told of their nodes, later.
 */
export async function requireContent(
  {
    spec,
    nodeRecords,
    place,
  }: { spec: ClusterSpec; nodeRecords: ReadonlyMap<string, NodeRecord>; place: ContentPlace },
  content: Pick<ContentSource, 'artifacts'>,
): Promise<void> {
  const known = spec.nodes.flatMap(({ name }) => goArchitecture(nodeRecords.get(name)?.arch ?? '') ?? []);
  const archs = known.length > 0 ? [...new Set(known)] : await offered(place, spec);
  const failures = await Promise.all(archs.map((arch) => content.artifacts(arch).then(() => undefined, ownError)));
  const [first] = failures;
  if (first !== undefined && failures.every((failure) => failure !== undefined)) throw first;
}

async function offered(
  { artifacts }: ContentPlace,
  { kubernetes, etcd, cni }: ClusterSpec,
): Promise<readonly string[]> {
  return artifacts === undefined ? [] : offeredArchitectures(artifacts, { kubernetes, etcd, cni });
}
