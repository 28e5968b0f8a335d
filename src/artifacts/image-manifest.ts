import { z } from 'zod';
import { isWholeReference, normalizeReference } from './image-reference.js';

/** What one pass over an archive collected: the names of all its entries, and the text of those that are JSON. */
export interface ArchiveEntries {
  names: ReadonlySet<string>;
  documents: ReadonlyMap<string, string>;
}

export interface ImageDescription {
  references: string[];
  /** Go's names; empty when no image says. */
  architectures: string[];
  /** Entries that are named but not there. */
  missing: string[];
}

const DockerManifest = z.array(
  z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()) }),
);

const Descriptor = z.object({
  digest: z.string(),
  urls: z.array(z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
type Descriptor = z.infer<typeof Descriptor>;

const OciIndex = z.object({ manifests: z.array(Descriptor) });
const OciManifest = z.object({ config: Descriptor, layers: z.array(Descriptor) });
const ImageConfig = z.object({ architecture: z.string() });

/**
 * Which images an archive holds, read as containerd reads it: the OCI layout where there is one, else Docker's
 * manifest.json.
 *
 * @returns undefined when it is neither.
 */
export function describeImages(entries: ArchiveEntries): ImageDescription | undefined {
  const index = entries.names.has('oci-layout') ? parsed(entries, 'index.json', OciIndex) : undefined;
  if (index !== undefined) return merged(index.manifests.map((descriptor) => describeOci(entries, descriptor)));
  const manifest = parsed(entries, 'manifest.json', DockerManifest);
  return manifest && merged(manifest.map((image) => describeDocker(entries, image)));
}

function describeDocker(entries: ArchiveEntries, image: z.infer<typeof DockerManifest>[number]): ImageDescription {
  return {
    references: (image.RepoTags ?? []).map(normalizeReference),
    architectures: architectureOf(entries, image.Config),
    missing: [image.Config, ...image.Layers].filter((name) => !entries.names.has(name)),
  };
}

function describeOci(entries: ArchiveEntries, descriptor: Descriptor): ImageDescription {
  const { annotations = {} } = descriptor;
  const refName = annotations['org.opencontainers.image.ref.name'] ?? '';
  const name = annotations['io.containerd.image.name'] ?? (isWholeReference(refName) ? refName : undefined);
  return { ...describeManifest(entries, descriptor), references: name === undefined ? [] : [name] };
}

/** Of an image for several platforms an archive may hold one only: the rest is not missed. */
function describeManifest(entries: ArchiveEntries, { digest }: Descriptor): Omit<ImageDescription, 'references'> {
  const path = blobName(digest);
  const nested = parsed(entries, path, OciIndex);
  if (nested !== undefined) {
    const platforms = nested.manifests.map((descriptor) => describeManifest(entries, descriptor));
    // What has no architecture here is a build attestation.
    const present = platforms.filter(({ missing, architectures }) => missing.length === 0 && architectures.length > 0);
    if (present.length > 0) return merged(present.map((platform) => ({ ...platform, references: [] })));
    return platforms.find(({ missing }) => missing.length > 0) ?? { architectures: [], missing: [path] };
  }
  const manifest = parsed(entries, path, OciManifest);
  if (manifest === undefined) return { architectures: [], missing: [path] };
  // Layers with URLs of their own (Windows base layers) are never in an archive.
  const blobs = [manifest.config, ...manifest.layers.filter(({ urls }) => urls === undefined)];
  return {
    architectures: architectureOf(entries, blobName(manifest.config.digest)),
    missing: blobs.map((blob) => blobName(blob.digest)).filter((name) => !entries.names.has(name)),
  };
}

function architectureOf(entries: ArchiveEntries, config: string): string[] {
  const architecture = parsed(entries, config, ImageConfig)?.architecture;
  // Build attestations are listed as images for the platform `unknown`.
  return architecture === undefined || architecture === 'unknown' || architecture === '' ? [] : [architecture];
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function merged(descriptions: readonly ImageDescription[]): ImageDescription {
  const all = <K extends keyof ImageDescription>(key: K) => [...new Set(descriptions.flatMap((each) => each[key]))];
  return { references: all('references'), architectures: all('architectures'), missing: all('missing') };
}

function parsed<T>({ documents }: ArchiveEntries, name: string, schema: z.ZodType<T>): T | undefined {
  const text = documents.get(name);
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
