import { toDisklessError } from '../../errors.js';
import type { ChannelRequest } from '../../http/https-channel.js';
import type { KubeClient } from '../../kube/client.js';
import { resourcePath } from '../../kube/paths.js';
import type { Preset } from '../preset/preset-schema.js';
import type { ApiSample } from '../record/requests-schema.js';
import type { ApiRequest } from '../record/terms.js';
import { KIND, NAMESPACE } from './manifests.js';
import { openLoop } from './open-loop.js';
import type { RunClock } from './run-clock.js';

const CONFIG_MAPS = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace: NAMESPACE });
/** Beyond every objective by far; what takes longer counts as never answered. */
const TIMEOUT_MS = 30_000;

export interface ApiLoadOptions {
  /** Of one control plane, with sockets enough for a stall. */
  client: KubeClient;
  /** Its name. */
  target: string;
  api: Preset['api'];
  round: number;
  clock: RunClock;
  /** Filled as requests are sent. */
  samples: ApiSample[];
  signal: AbortSignal;
}

/** Requests of all kinds in turn, each when it is due, whatever became of the ones before. */
export async function runApiLoad(options: ApiLoadOptions): Promise<void> {
  const { client, target, api, round, clock, samples, signal } = options;
  const count = api.requests.length === 0 ? 0 : Math.round(api.rate * api.seconds);
  const kinds = Array.from({ length: count }, (_, index) => api.requests[index % api.requests.length] as ApiRequest);
  await createDoomed(options, kinds);
  await openLoop({
    clock,
    count,
    perSecond: api.rate,
    signal,
    act: async (index, intended) => {
      const request = kinds[index] as ApiRequest;
      const sample: ApiSample = {
        round,
        request,
        target,
        intended,
        sent: clock.now(),
        done: null,
        status: null,
        failure: null,
      };
      samples.push(sample);
      await client.transport
        .request({ ...requestOf(request, `${round}-${index}`), timeoutMs: TIMEOUT_MS, signal })
        .then(
          ({ status }) => {
            sample.done = clock.now();
            sample.status = status;
            if (status < 200 || status > 299) sample.failure = `HTTP ${status}`;
          },
          (error: unknown) => {
            signal.throwIfAborted();
            sample.failure = toDisklessError(error).message;
          },
        );
    },
  });
  // Each round lists as many as the one before.
  await client.delete(CONFIG_MAPS, { query: { labelSelector: `${KIND}=api` }, signal });
}

/** What the deletions delete, made before anything is timed. */
async function createDoomed({ client, round, signal }: ApiLoadOptions, kinds: readonly ApiRequest[]): Promise<void> {
  const names = kinds.flatMap((kind, index) => (kind === 'delete' ? [`doomed-${round}-${index}`] : []));
  const wanted = kinds.includes('get') ? ['kept', ...names] : names;
  const create = (name: string) =>
    client.patch(`${CONFIG_MAPS}/${name}`, { type: 'apply', body: configMap(name), signal });
  await Promise.all(wanted.map(create));
}

function requestOf(request: ApiRequest, id: string): ChannelRequest {
  const headers = { accept: 'application/json', 'user-agent': 'k8s-diskless' };
  const requests: Record<ApiRequest, () => ChannelRequest> = {
    readyz: () => ({ method: 'GET', path: '/readyz', headers }),
    get: () => ({ method: 'GET', path: `${CONFIG_MAPS}/kept`, headers }),
    list: () => ({ method: 'GET', path: CONFIG_MAPS, headers }),
    create: () => ({
      method: 'POST',
      path: CONFIG_MAPS,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(configMap(`made-${id}`)),
    }),
    delete: () => ({ method: 'DELETE', path: `${CONFIG_MAPS}/doomed-${id}`, headers }),
  };
  return requests[request]();
}

function configMap(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: NAMESPACE, labels: { [KIND]: 'api' } },
    data: { key: 'value' },
  };
}
