import type { KubeClient } from './client.js';
import type { KubeObject } from './objects.js';
import { resourcePath } from './paths.js';

/** Something that apiservers ask a service of the cluster for, and refuse requests without. */
export interface ServedInside {
  /** For a person, e.g. `ValidatingWebhookConfiguration gate`. */
  what: string;
  /** `NAMESPACE/NAME` of the service. */
  service: string;
  /** What is refused as long as it does not answer. */
  refuses: string;
  /** What takes it out of the way. */
  command: string;
}

interface ServiceReference {
  namespace: string;
  name: string;
}

interface WebhookConfiguration extends KubeObject {
  webhooks?: {
    failurePolicy?: string;
    clientConfig: { service?: ServiceReference };
    rules?: { apiGroups?: string[]; resources?: string[] }[];
  }[];
}

interface ApiService extends KubeObject {
  spec: { service?: ServiceReference | null; group?: string; version?: string };
}

interface CustomResourceDefinition extends KubeObject {
  spec: {
    names: { plural: string };
    conversion?: { strategy: string; webhook?: { clientConfig?: { service?: ServiceReference } } };
  };
}

/** Without these no node becomes Ready, and no pod starts. */
const VITAL = ['pods', 'nodes', 'leases'];
const KINDS = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'] as const;
const admission = (resource: string) => resourcePath({ apiVersion: 'admissionregistration.k8s.io/v1', resource });
const API_SERVICES = resourcePath({ apiVersion: 'apiregistration.k8s.io/v1', resource: 'apiservices' });
const CRDS = resourcePath({ apiVersion: 'apiextensions.k8s.io/v1', resource: 'customresourcedefinitions' });

/** Webhooks that fail closed over what nodes and pods need, and aggregated APIs and conversions whatever they are of. */
export async function servedInside(client: KubeClient, signal: AbortSignal): Promise<ServedInside[]> {
  const [webhooks, apis, definitions] = await Promise.all([
    Promise.all(KINDS.map((kind) => client.list<WebhookConfiguration>(admission(kind), { signal }))),
    client.list<ApiService>(API_SERVICES, { signal }),
    client.list<CustomResourceDefinition>(CRDS, { signal }),
  ]);
  return [
    ...webhooks.flatMap(({ items }, index) => items.flatMap((item) => ofWebhooks(KINDS[index] ?? KINDS[0], item))),
    ...apis.items.flatMap(ofApiService),
    ...definitions.items.flatMap(ofConversion),
  ];
}

function ofWebhooks(kind: (typeof KINDS)[number], { metadata, webhooks = [] }: WebhookConfiguration): ServedInside[] {
  return webhooks.flatMap(({ failurePolicy = 'Fail', clientConfig: { service }, rules = [] }) => {
    const asked = rules.flatMap(({ resources = [] }) => resources.map((resource) => resource.split('/')[0] ?? ''));
    const vital = VITAL.filter((resource) => asked.includes(resource) || asked.includes('*'));
    if (failurePolicy !== 'Fail' || service === undefined || vital.length === 0) return [];
    const what = `${kind === 'validatingwebhookconfigurations' ? 'Validating' : 'Mutating'}WebhookConfiguration`;
    return {
      what: `${what} ${metadata.name}`,
      service: `${service.namespace}/${service.name}`,
      refuses: `changes of ${vital.join(', ')}`,
      command: `kubectl delete ${kind.slice(0, -1)} ${metadata.name}`,
    };
  });
}

function ofApiService({ metadata, spec: { service, group, version } }: ApiService): ServedInside[] {
  if (service === undefined || service === null) return [];
  return [
    {
      what: `APIService ${metadata.name}`,
      service: `${service.namespace}/${service.name}`,
      refuses: `all of ${group}/${version}, and that namespaces end`,
      command: `kubectl delete apiservice ${metadata.name}`,
    },
  ];
}

function ofConversion({ metadata, spec: { names, conversion } }: CustomResourceDefinition): ServedInside[] {
  const service = conversion?.strategy === 'Webhook' ? conversion.webhook?.clientConfig?.service : undefined;
  if (service === undefined) return [];
  return [
    {
      what: `the conversion of CustomResourceDefinition ${metadata.name}`,
      service: `${service.namespace}/${service.name}`,
      refuses: `reading and writing ${names.plural} in another version than the stored one`,
      command: `kubectl get pods --namespace ${service.namespace}`,
    },
  ];
}
