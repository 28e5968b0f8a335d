import { createHash } from 'node:crypto';
import { hasCode } from '../kube/api-errors.js';
import type { KubeClient } from '../kube/client.js';
import type { KubeObject } from '../kube/objects.js';
import { resourcePath } from '../kube/paths.js';
import { waitsFor } from '../runner/long-waits.js';
import type { Run } from './context.js';
import { settling, untilSettled } from './settling.js';

/** On the pods of a Deployment: which certificate of the API's authority they were started with. */
const ANNOTATION = 'k8s-diskless/api-authority';

interface Deployment extends KubeObject {
  spec: { template: { metadata?: { annotations?: Record<string, string> } } };
}

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

/** What stands there for a certificate in PEM. */
export function authorityMark(ca: string): string {
  return createHash('sha256').update(ca).digest('hex');
}

export interface PublishedAuthority {
  client: KubeClient;
  /** The Deployment as it is about to be applied. */
  deployment: { namespace: string; name: string };
  /** PEM. */
  ca: string;
  signal: AbortSignal;
}

/**
 * Where pods are about to be started anew for the sake of a renewed authority, they are to find its certificate. They get
 * it from kube-root-ca.crt, which a controller-manager that was itself restarted writes.
 */
export async function untilAuthorityIsPublished(context: Run, wanted: PublishedAuthority): Promise<void> {
  const { deployment, ca } = wanted;
  const read = <T extends KubeObject>(path: string) => readIfThere<T>(context, wanted, path);
  const found = await read<Deployment>(resourcePath({ apiVersion: 'apps/v1', resource: 'deployments', ...deployment }));
  if (found === undefined || markOf(found) === authorityMark(ca)) return;
  const { namespace } = deployment;
  const name = 'kube-root-ca.crt';
  const path = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace, name });
  const isPublished = (seen: ConfigMap | undefined): boolean =>
    seen === undefined || seen.data?.['ca.crt']?.includes(ca.trim()) === true;
  const last = await untilSettled(
    context,
    async () => {
      waitsFor(`the controller-manager has not yet written the new certificate to ConfigMap ${namespace}/${name}`);
      return read<ConfigMap>(path);
    },
    isPublished,
  );
  if (isPublished(last)) return;
  context.bus.emit({
    type: 'note',
    level: 'warning',
    code: 'authority-not-published',
    message: `ConfigMap ${namespace}/${name} does not have the renewed certificate of the API's authority yet`,
    hint: `once it has: kubectl -n ${namespace} rollout restart deployment ${deployment.name}`,
  });
}

const markOf = ({ spec }: Deployment): string | undefined => spec.template.metadata?.annotations?.[ANNOTATION];

function readIfThere<T extends KubeObject>(
  context: Run,
  { client, signal }: PublishedAuthority,
  path: string,
): Promise<T | undefined> {
  return settling(context, () =>
    client.get<T>(path, { signal }).catch((error: unknown) => {
      if (hasCode(error, 'kube-not-found')) return undefined;
      throw error;
    }),
  );
}
