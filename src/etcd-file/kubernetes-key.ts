/** Where apiservers keep everything unless told otherwise, which nobody tells ours. */
const PREFIX = '/registry/';

/** Resources that are kept under another name (kube-apiserver's SpecialDefaultResourcePrefixes). */
const KEPT_AS: Readonly<Record<string, string>> = {
  minions: 'nodes',
  controllers: 'replicationcontrollers',
  ingress: 'ingresses',
};

/** What apiservers keep for themselves and nobody can ask them for. */
const INTERNAL: ReadonlySet<string> = new Set(['masterleases', 'peerserverleases', 'ranges']);

/** What comes and goes by itself: counted, but not as something that a person has. */
const PASSING: ReadonlySet<string> = new Set(['events', 'leases', 'storageversions']);

/**
 * Whose objects a key is one of, as kubectl names it: `pods`, `deployments`, `certificates.cert-manager.io`. Undefined: not an
 * object. Kubernetes' own resources stand directly below the prefix, without their group; those of CustomResourceDefinitions
 * and APIServices below their group, which has a dot in it by rule.
 */
export function resourceOf(key: string): string | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const [first = '', second = '', third = ''] = key.slice(PREFIX.length).split('/', 3);
  if (first === '' || second === '' || INTERNAL.has(first)) return undefined;
  if (first.includes('.')) return third === '' ? undefined : `${second}.${first}`;
  if (first === 'services') return third === '' ? undefined : ofServices(second);
  return KEPT_AS[first] ?? first;
}

/** The namespace that stands in the key of an object; undefined: its object is in none, or it is no object's. */
export function namespaceOf(key: string): string | undefined {
  if (resourceOf(key) === undefined) return undefined;
  const parts = key.slice(PREFIX.length).split('/');
  const [first = ''] = parts;
  const resourceParts = first === 'services' || first.includes('.') ? 2 : 1;
  return parts.length === resourceParts + 2 ? parts[resourceParts] : undefined;
}

/** `services/specs/…` and `services/endpoints/…`. */
const ofServices = (kept: string): string | undefined => ({ specs: 'services', endpoints: 'endpoints' })[kept];

/** Whether a person who asks for the number of objects means these, too. */
export const isLasting = (resource: string): boolean => !PASSING.has(resource);
