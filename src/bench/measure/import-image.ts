import type { NodeSession } from '../../cluster/node-session.js';
import { DisklessError } from '../../errors.js';
import { shellQuote } from '../../ssh/quote.js';
import type { ToolImage } from './tool-image.js';

const IMPORT_TIMEOUT_MS = 120_000;

/** The image goes from our memory into containerd; a node that has it already is sent nothing. */
export async function importToolImage(
  session: NodeSession,
  { reference, archive }: ToolImage,
  signal: AbortSignal,
): Promise<void> {
  if (await hasImage(session, reference, signal)) return;
  const { exitCode, stderr } = await session.exec('ctr -n k8s.io images import -', {
    label: 'import the benchmark image',
    root: true,
    input: archive,
    timeoutMs: IMPORT_TIMEOUT_MS,
    signal,
  });
  if (exitCode === 0) return;
  throw new DisklessError({
    code: 'image-import-failed',
    host: session.name,
    message: 'containerd refused the benchmark image',
    detail: stderr.trim().slice(-2000),
  });
}

/** One that is not there is removed. @throws when the node does not answer in time, or containerd refuses */
export async function removeToolImage(session: NodeSession, reference: string, signal: AbortSignal): Promise<void> {
  const command = `ctr -n k8s.io images rm ${shellQuote(reference)}`;
  const { exitCode, stderr } = await session.exec(command, {
    label: 'remove the benchmark image',
    root: true,
    signal,
  });
  if (exitCode === 0 || /not found/.test(stderr)) return;
  throw new DisklessError({ code: 'image-removal-failed', host: session.name, message: stderr.trim().slice(-500) });
}

/** @throws `image-missing` when timed pods could not start without a pull, which is none of what is measured */
export async function requireImage(session: NodeSession, reference: string, signal: AbortSignal): Promise<void> {
  if (await hasImage(session, reference, signal)) return;
  throw new DisklessError({
    code: 'image-missing',
    host: session.name,
    message: `the image ${reference} is not on the node, and pods are measured without pulling`,
    hint: 'k8s-diskless up --images DIR imports it from an archive',
  });
}

async function hasImage(session: NodeSession, reference: string, signal: AbortSignal): Promise<boolean> {
  const command = `ctr -n k8s.io images ls -q name==${shellQuote(reference)}`;
  const { stdout } = await session.exec(command, { label: 'list images', root: true, signal });
  return stdout.trim() === reference;
}
