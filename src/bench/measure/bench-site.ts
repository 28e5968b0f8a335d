import { toDisklessError } from '../../errors.js';
import { prepareNamespace, removeNamespace } from '../../kube/own-namespace.js';
import { type Admission, readAdmission } from './admission.js';
import type { BenchmarkOptions } from './benchmark-options.js';
import { importToolImage, removeToolImage, requireImage } from './import-image.js';
import { NAMESPACE } from './manifests.js';
import type { ToolImage } from './tool-image.js';
import { requireBashClock } from './wall-clock.js';

/* What a run needs on the nodes and in the cluster before it measures, and takes away again. */

/** @returns what the namespace demands of pods. @throws DisklessError when something is missing that no run can do without */
export async function prepareSite(options: BenchmarkOptions): Promise<Admission> {
  const { spec, cluster, images, tell, signal } = options;
  const { nodes, client } = cluster;
  tell('preparing images and the namespace');
  const ready = await Promise.allSettled(
    nodes.map(async ({ session, arch }) => {
      if (isTimedByBash(options)) await requireBashClock(session, signal);
      await requireImage(session, spec.sandboxImage, signal);
      await importToolImage(session, images.get(arch) as ToolImage, signal);
    }),
  );
  // Only now: tidying up must not overtake an import that still runs.
  for (const each of ready) if (each.status === 'rejected') throw each.reason;
  await prepareNamespace({ client, name: NAMESPACE, signal });
  return readAdmission({ client, image: spec.sandboxImage, signal });
}

function isTimedByBash({ spec, preset }: BenchmarkOptions): boolean {
  const { network, dns } = preset.values;
  const roundTrips = network.paths.length > 0 && network.tests.includes('round-trip');
  return roundTrips || (spec.addons.dns.enabled && dns.seconds > 0);
}

/** Until it is done or this long; not by the run's signal, which may be what ended it. */
const TIDY_TIMEOUT_MS = 90_000;

/** What cannot be removed is told of; the next run removes it. */
export async function clearSite({ cluster, images, tell }: BenchmarkOptions): Promise<void> {
  tell('removing everything again');
  const signal = AbortSignal.timeout(TIDY_TIMEOUT_MS);
  const left = (what: string) => (error: unknown) => tell(`left behind: ${what} (${toDisklessError(error).message})`);
  const namespace = `the namespace ${NAMESPACE} with all in it; the next run removes it`;
  await removeNamespace({ client: cluster.client, name: NAMESPACE, signal }).catch(left(namespace));
  await Promise.all(
    cluster.nodes.map(({ name, session, arch }) => {
      const reference = images.get(arch)?.reference ?? '';
      return removeToolImage(session, reference, signal).catch(left(`the image ${reference} on ${name}`));
    }),
  );
}
