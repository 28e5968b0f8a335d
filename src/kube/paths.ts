export interface ResourcePath {
  /** e.g. `v1`, `apps/v1`. */
  apiVersion: string;
  /** Plural, e.g. `nodes`. */
  resource: string;
  namespace?: string | undefined;
  name?: string | undefined;
  /** e.g. `status`. */
  subresource?: string | undefined;
}

export type Query = Record<string, string | number | boolean | undefined>;

/** Path of the API root of a group version: the core group has one of its own. */
export function groupVersionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

export function resourcePath({ apiVersion, resource, namespace, name, subresource }: ResourcePath): string {
  const scope = namespace === undefined ? [] : ['namespaces', namespace];
  const item = name === undefined ? [] : [name];
  const sub = subresource === undefined ? [] : [subresource];
  const parts = [...scope, resource, ...item, ...sub].map((part) => encodeURIComponent(part));
  return [groupVersionPath(apiVersion), ...parts].join('/');
}

export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? path : `${path}?${search}`;
}
