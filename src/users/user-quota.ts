import { z } from 'zod';

/* What one person's namespace may hold. Everything is memory on a node without a disk: images, logs and emptyDirs too. */

/** A quantity of Kubernetes as people write it, above zero. */
const QUANTITY = /^(?=.*[1-9])\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/;

const quantity = (example: string) =>
  z.string().regex(QUANTITY, { error: `must be a quantity above 0 such as ${example}` });

export const quotaSchema = z.strictObject({
  cpu: quantity('2 or 500m').default('2'),
  memory: quantity('2Gi').default('2Gi'),
  /** Writable layers, logs and emptyDirs. */
  storage: quantity('2Gi').default('2Gi'),
  pods: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, { error: 'must be a number from 1 to 9999' })
    .default('20'),
});
export type Quota = z.output<typeof quotaSchema>;

/** `cpu=2 memory=4Gi`, parts in any order; what is not named has its default. undefined where it is no list of this kind. */
export function quotaParts(text: string): Record<string, string> | undefined {
  const words = text.split(/[\s;]+/).filter(Boolean);
  const parts = words.map((word) => /^([a-z]+)=(\S+)$/.exec(word)?.slice(1) as [string, string] | undefined);
  const named = parts.filter((part) => part !== undefined);
  const isWhole = named.length === words.length && new Set(named.map(([key]) => key)).size === named.length;
  return isWhole ? Object.fromEntries(named) : undefined;
}

/** spec.hard of a ResourceQuota. */
export function hardLimits({ cpu, memory, storage, pods }: Quota): Record<string, string> {
  return {
    'requests.cpu': cpu,
    'limits.cpu': cpu,
    'requests.memory': memory,
    'limits.memory': memory,
    'requests.ephemeral-storage': storage,
    'limits.ephemeral-storage': storage,
    pods,
    'services.nodeports': '0',
    'services.loadbalancers': '0',
    ...Object.fromEntries(COUNTED.map((resource) => [`count/${resource}`, '100'])),
  };
}

const COUNTED = [
  'configmaps',
  'secrets',
  'services',
  'persistentvolumeclaims',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
  'ingresses.networking.k8s.io',
];
