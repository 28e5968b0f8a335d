import { buildSegments, imageSegmentId, imageStagingPath } from '../../delivery/build-segments.js';
import type { Segment } from '../../delivery/segment.js';
import { sendStream } from '../../delivery/send-stream.js';
import { DisklessError } from '../../errors.js';
import { hasCode } from '../../kube/api-errors.js';
import type { DesiredImage } from '../../node/desired.js';
import { isMarked } from '../../node/operator-mark.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import { tellingWhy, waitsFor } from '../../runner/long-waits.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import { bashScript, type RemoteCommand } from '../../ssh/bash-script.js';
import { change, countSent } from '../change.js';
import type { AtWork } from '../context.js';
import type { NodeWork } from '../judgement.js';
import { timeLimit } from '../time-limit.js';

const IMPORT = scriptText('import-image.bash');

/** Sends everything the node lacks in one stream, the critical path first; steps start as their segment arrives. */
export async function sendFiles(context: AtWork, place: StepPlace): Promise<Outcome> {
  const { difference, arrivals, encoding } = context.work;
  const { files, images, remove } = difference;
  try {
    waitsFor('binaries and images to be compressed, which is done once for each version');
    const segments = await buildSegments({ difference, encoding, content: context.options.content });
    const hasAll = segments.length === 0 && remove.length === 0;
    const { operator } = context.judgement.record;
    if (hasAll && isMarked(operator, context.work.facts.marker?.operator)) return 'unchanged';
    const what = hasAll
      ? `note that generation ${operator.generation} of the state acts`
      : `send ${files.length} files, ${images.length} images; remove ${remove.length}`;
    await change(context, place, what, () => sendSegments(context, place, { segments, remove }));
    return 'changed';
  } catch (error) {
    arrivals.fail();
    throw error;
  }
}

/** Where nothing will be sent, nobody may wait for it. */
export function sendNothing({ work }: { readonly work?: NodeWork | undefined }): void {
  work?.arrivals.fail();
}

/** Waits for these segments of the node's stream. */
export function arrivalOf(...segmentIds: string[]) {
  return async ({ work: { arrivals } }: AtWork): Promise<Outcome> => {
    waitsFor('its files to arrive');
    for (const id of segmentIds) await arrivals.of(id);
    return 'unchanged';
  };
}

/** After a lost or stalled connection only what the node has not acknowledged is sent again. */
export async function sendSegments(
  context: AtWork,
  place: StepPlace,
  { segments, remove }: { segments: readonly Segment[]; remove: readonly string[] },
): Promise<void> {
  const { work } = context;
  const { record } = context.judgement;
  const { selinux, tools } = work.facts;
  const arrived = new Set<string>();
  const tell = tellingWhy();
  await context.cluster.session(place.node).resilient(async (connection) => {
    const { bytes } = await sendStream({
      connection,
      receiver: {
        clusterId: record.clusterId,
        incarnation: record.etcd.incarnation,
        operator: record.operator,
        relabel: selinux !== 'disabled' && tools.restorecon === true,
      },
      segments: segments.filter(({ id }) => !arrived.has(id)),
      remove,
      onArrived: (id) => {
        arrived.add(id);
        work.arrivals.arrived(id);
      },
      onProgress: everyShare((done, total) => {
        tell(`${megabytes(done)} of ${megabytes(total)} MB are sent`);
        context.bus.emit({ type: 'progress', step: place.step, node: place.node, done, total });
      }),
      stallTimeoutMs: context.options.stallTimeoutMs,
      signal: context.signal,
    });
    countSent(context, place.node, bytes);
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** Tells of progress some fifty times in all, not at every slice. */
function everyShare(tell: (done: number, total: number) => void): (done: number, total: number) => void {
  let told = 0;
  return (done, total) => {
    if (done < total && done - told < total / 50) return;
    if (done === told) return;
    told = done;
    tell(done, total);
  };
}

/** Image archives go into containerd as they arrive; what it holds already was never sent. */
export async function importImages(context: AtWork, place: StepPlace): Promise<Outcome> {
  const { difference, arrivals } = context.work;
  for (const image of difference.images) {
    waitsFor(`the archive of ${image.references.join(', ')} to arrive`);
    await arrivals.of(imageSegmentId(image));
    waitsFor(`containerd imports ${image.references.join(', ')}`);
    await change(context, place, `import ${image.references.join(', ')}`, async () => {
      const session = context.cluster.session(place.node);
      const options = {
        label: 'import image',
        timeoutMs: timeLimit({ baseMs: context.options.readyTimeoutMs, bytes: image.size }),
      };
      await session.runAsRoot(importScript(image), options).catch((cause) => {
        if (!hasCode(cause, 'remote-failed')) throw cause;
        const message = `containerd refused the image archive with ${image.references.join(', ')}`;
        throw new DisklessError({
          code: 'image-import-failed',
          host: place.node,
          message,
          detail: cause.detail ?? '',
          cause,
        });
      });
    });
  }
  return difference.images.length > 0 ? 'changed' : 'unchanged';
}

function importScript(image: DesiredImage): RemoteCommand {
  return bashScript(IMPORT, PATHS.marker, imageStagingPath(image), image.sha256, ...image.references);
}
