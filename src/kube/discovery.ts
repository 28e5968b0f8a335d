import { DisklessError } from '../errors.js';
import { hasCode } from './api-errors.js';
import type { KubeClient } from './client.js';
import { groupVersionPath } from './paths.js';

export interface ResourceKind {
  /** Plural, e.g. `deployments`. */
  resource: string;
  namespaced: boolean;
}

export interface Discovery {
  /** Where objects of a kind live; kube-unknown-kind when the server does not serve it. */
  resolve(apiVersion: string, kind: string, signal: AbortSignal): Promise<ResourceKind>;
}

interface ApiResourceList {
  resources: { name: string; kind: string; namespaced: boolean }[];
}

/** REST mapping by the server's own discovery documents, each group version asked for once; again after a failure. */
export function createDiscovery(client: KubeClient): Discovery {
  const known = new Map<string, Promise<Map<string, ResourceKind>>>();
  return {
    async resolve(apiVersion, kind, signal) {
      const asked = known.get(apiVersion) ?? fetchKinds(client, apiVersion, signal);
      known.set(apiVersion, asked);
      try {
        const found = (await asked).get(kind);
        if (found) return found;
        throw unknownKind(apiVersion, kind);
      } catch (error) {
        known.delete(apiVersion);
        throw hasCode(error, 'kube-not-found') ? unknownKind(apiVersion, kind) : error;
      }
    },
  };
}

async function fetchKinds(
  client: KubeClient,
  apiVersion: string,
  signal: AbortSignal,
): Promise<Map<string, ResourceKind>> {
  const { resources } = await client.json<ApiResourceList>('GET', groupVersionPath(apiVersion), undefined, { signal });
  // Names with a slash are subresources, some of a foreign kind (pods/eviction, deployments/scale).
  const proper = resources.filter(({ name }) => !name.includes('/'));
  return new Map(proper.map(({ kind, name, namespaced }) => [kind, { resource: name, namespaced }]));
}

function unknownKind(apiVersion: string, kind: string): DisklessError {
  return new DisklessError({
    code: 'kube-unknown-kind',
    message: `this Kubernetes does not serve ${kind} of ${apiVersion}`,
    hint: 'the manifest may be written for another Kubernetes version, or its CustomResourceDefinition is missing',
  });
}
