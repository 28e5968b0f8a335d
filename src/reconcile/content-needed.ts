import { CONTROL_PLANE_BINARIES } from '../artifacts/catalogue.js';
import type { NodeSpec } from '../config/spec.js';
import type { ContentSource } from '../delivery/content-source.js';
import { DisklessError, ownError } from '../errors.js';
import { goArchitecture } from '../facts/architecture.js';
import type { NodeFacts } from '../facts/facts.js';
import type { PreflightInput } from '../plan/finding.js';

/** Architecture → what its nodes need, or why that cannot be had. */
export type ContentByArch = ReadonlyMap<string, ArchContent | DisklessError>;

interface ArchContent {
  /** By name. */
  artifacts: ReadonlyMap<string, Sized>;
  images: readonly Sized[];
}

interface Sized {
  sha256: string;
  size: number;
}

export const NO_CONTENT: ArchContent = { artifacts: new Map(), images: [] };

/**
 * Asked once per architecture. An architecture whose content cannot be had is a finding of its nodes, unless it is that
 * of all: then it is nothing about nodes.
 */
export async function contentNeeded(
  content: ContentSource,
  facts: ReadonlyMap<string, NodeFacts>,
): Promise<ContentByArch> {
  const archs = new Set([...facts.values()].flatMap(({ arch }) => goArchitecture(arch) ?? []));
  const found: ContentByArch = new Map(
    await Promise.all(
      [...archs].map(async (arch) => {
        const had = Promise.all([content.artifacts(arch), content.images(arch)]);
        return [arch, await had.then(([artifacts, images]) => ({ artifacts, images }), ownError)] as const;
      }),
    ),
  );
  const [first, ...others] = found.values();
  if (first instanceof DisklessError && others.every((other) => other instanceof DisklessError)) throw first;
  return found;
}

/** What the node does not hold yet. */
export function bytesToPush(
  { role }: NodeSpec,
  { marker }: NodeFacts,
  { artifacts, images }: ArchContent,
): PreflightInput['push'] {
  const held = new Set([...(marker?.files.map(({ sha256 }) => sha256) ?? []), ...(marker?.images ?? [])]);
  const bytes = (content: readonly Sized[]): number =>
    content.reduce((sum, { sha256, size }) => sum + (held.has(sha256) ? 0 : size), 0);
  const binaries = [...artifacts].flatMap(([name, artifact]) =>
    role === 'control-plane' || !CONTROL_PLANE_BINARIES.has(name) ? [artifact] : [],
  );
  return { binaryBytes: bytes(binaries), imageBytes: bytes(images) };
}
