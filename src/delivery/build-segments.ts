import type { ComponentId, DesiredFile, DesiredImage } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import type { NodeDifference } from '../plan/diff.js';
import type { ContentSource } from './content-source.js';
import type { Encoding, Segment } from './segment.js';

/** Rendered files, secrets among them, travel in this segment and never on the artifacts' path. */
export const CONFIG_SEGMENT = 'config';

export interface BuildSegmentsOptions {
  difference: NodeDifference;
  encoding: Encoding;
  content: ContentSource;
}

export const imageSegmentId = (image: DesiredImage): string => `image-${image.sha256.slice(0, 12)}`;
export const imageStagingPath = (image: DesiredImage): string => `${PATHS.images}/${image.sha256}.tar`;

/**
 * The segments of one node in the order they travel: all rendered files first (they are small and everything needs
 * them), then artifacts in the order of the components, then images.
 */
export async function buildSegments(options: BuildSegmentsOptions): Promise<Segment[]> {
  const { difference } = options;
  const rendered = difference.files.filter(({ file }) => file.content.kind === 'text');
  const artifacts = difference.files.filter(({ file }) => file.content.kind === 'artifact');
  const components = [...new Set(artifacts.map(({ component }) => component))];
  const config = rendered.length > 0 ? [await configSegment({ ...options, rendered })] : [];
  const binaries = components.map((component) =>
    artifactSegment(
      options,
      component,
      artifacts.filter((entry) => entry.component === component),
    ),
  );
  const images = difference.images.map((image) =>
    contentSegment(options, imageSegmentId(image), [
      { sha256: image.sha256, mode: 0o600, entry: image.sha256, path: imageStagingPath(image) },
    ]),
  );
  return [...config, ...(await Promise.all([...binaries, ...images]))];
}

/** Names of the segments `buildSegments` will make. */
export function segmentIds({ files, images }: NodeDifference): string[] {
  const ids = files.map(({ component, file }) => (file.content.kind === 'text' ? CONFIG_SEGMENT : component));
  return [...new Set([...ids, ...images.map(imageSegmentId)])];
}

export interface ConfigSegmentOptions extends Pick<BuildSegmentsOptions, 'encoding' | 'content'> {
  rendered: NodeDifference['files'];
}

export async function configSegment({ encoding, content, rendered }: ConfigSegmentOptions): Promise<Segment> {
  const files = rendered.map(({ file }, index) => ({ entry: `f${index}`, mode: file.mode, content: textOf(file) }));
  const body = await content.pack(files, encoding);
  return {
    id: CONFIG_SEGMENT,
    encoding,
    entries: rendered.map(({ file, sha256 }, index) => ({
      sha256,
      mode: file.mode,
      entry: `f${index}`,
      path: file.path,
    })),
    bodyBytes: body.length,
    body: async function* () {
      yield body;
    },
  };
}

function artifactSegment(
  options: BuildSegmentsOptions,
  component: ComponentId,
  entries: NodeDifference['files'],
): Promise<Segment> {
  return contentSegment(
    options,
    component,
    entries.map(({ file, sha256 }) => ({ sha256, mode: file.mode, entry: sha256, path: file.path })),
  );
}

async function contentSegment(
  { encoding, content }: BuildSegmentsOptions,
  id: string,
  entries: Segment['entries'],
): Promise<Segment> {
  const members = await Promise.all(entries.map(({ sha256 }) => content.member(sha256, encoding)));
  const end = content.endOfArchive(encoding);
  return {
    id,
    encoding,
    entries,
    bodyBytes: members.reduce((sum, { bytes }) => sum + bytes, end.length),
    body: async function* () {
      for (const member of members) yield* member.read();
      yield end;
    },
  };
}

function textOf(file: DesiredFile): Buffer {
  return Buffer.from(file.content.kind === 'text' ? file.content.text : '');
}
