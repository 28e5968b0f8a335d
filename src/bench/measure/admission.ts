import { DisklessError } from '../../errors.js';
import { hasCode } from '../../kube/api-errors.js';
import type { KubeClient } from '../../kube/client.js';
import type { KubeObject } from '../../kube/objects.js';
import { resourcePath } from '../../kube/paths.js';
import { watch } from '../../kube/watch.js';
import { NAMESPACE, timedPod } from './manifests.js';
import { PODS } from './pod-observer.js';

export interface AdmissionOptions {
  client: KubeClient;
  /** Of the pods that will be timed. */
  image: string;
  signal: AbortSignal;
}

/** What policies of this cluster ask of our pods. */
export interface Admission {
  /** A quota demands a limit on processor time, which pods have otherwise none of: it could throttle what is measured. */
  limitsCpu: boolean;
}

const QUOTAS = resourcePath({ apiVersion: 'v1', resource: 'resourcequotas', namespace: NAMESPACE });
const QUOTA_TIMEOUT_MS = 20_000;

/**
 * Asks, before anything is measured, whether our pods are admitted: nothing is created.
 *
 * @throws `bench-not-admitted` with what the API server says
 */
export async function readAdmission(options: AdmissionOptions): Promise<Admission> {
  const first = await refusalOf(options, false);
  const refused = isUncounted(first) ? await refusalOnceCounted(options) : first;
  if (refused === undefined) return { limitsCpu: false };
  const limitsCpu = /must specify .*limits\.cpu/.test(refused.message);
  const still = limitsCpu ? await refusalOf(options, true) : refused;
  if (still === undefined) return { limitsCpu };
  throw new DisklessError({
    code: 'bench-not-admitted',
    message: `the cluster does not admit the benchmark's pods into the namespace ${NAMESPACE}`,
    detail: still.message,
    hint: 'exempt the namespace from the quota or policy named there, or raise it',
    cause: still,
  });
}

/* A Status tells only in words what a quota asks for. */

/** Until the quota controller has counted a new quota for the first time, everything is refused. */
const isUncounted = (refused: DisklessError | undefined): boolean =>
  refused !== undefined && /status unknown for quota/.test(refused.message);

async function refusalOnceCounted(options: AdmissionOptions): Promise<DisklessError | undefined> {
  const { client, signal } = options;
  const limit = AbortSignal.timeout(QUOTA_TIMEOUT_MS);
  let refused: DisklessError | undefined;
  try {
    for await (const _ of watch<KubeObject>({ client, path: QUOTAS, signal: AbortSignal.any([signal, limit]) })) {
      refused = await refusalOf(options, false);
      if (!isUncounted(refused)) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
  }
  return refused;
}

/** A dry run passes every admission plugin. */
async function refusalOf({ client, image, signal }: AdmissionOptions, limitsCpu: boolean) {
  try {
    const object = timedPod({ name: 'admission', image, tolerate: false, limitsCpu });
    await client.create(PODS, object, { query: { dryRun: 'All' }, signal });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'kube-forbidden')) return error;
    // Webhooks that cannot do without side effects take no dry runs; what they think shows when pods are made.
    if (hasCode(error, 'kube-bad-request')) return undefined;
    throw error;
  }
}
