import { isDeepStrictEqual } from 'node:util';
import { deadline } from '../abort.js';
import { DisklessError, toDisklessError } from '../errors.js';
import { hasCode } from './api-errors.js';
import { backoffMs, realSleep, type Sleep } from './backoff.js';
import type { KubeClient } from './client.js';
import { createDiscovery, type Discovery } from './discovery.js';
import type { KubeObject } from './objects.js';
import { resourcePath } from './paths.js';
import { watch } from './watch.js';

export interface ApplyOptions {
  client: KubeClient;
  /** From bundledManifest() or parseManifest(); applied in this order. */
  objects: readonly KubeObject[];
  signal: AbortSignal;
  sleep?: Sleep;
  /** How long a CustomResourceDefinition may take to be Established. Default 60 s. */
  establishedMs?: number;
}

export interface Applied {
  /** e.g. `Deployment kube-system/coredns`. */
  subject: string;
  outcome: 'created' | 'changed' | 'unchanged';
}

/** A new kind is served only some moments after its definition says Established. */
const NEW_KIND_BACKOFF = { firstMs: 50, maxMs: 1_000, factor: 2 };
const NEW_KIND_ATTEMPTS = 10;
const ESTABLISHED_MS = 60_000;

/** Server-side apply of objects that are ours alone (conflicts are taken over); prunes nothing. */
export async function applyObjects(options: ApplyOptions): Promise<Applied[]> {
  const discovery = createDiscovery(options.client);
  const definitions = new Set<string>();
  const results: Applied[] = [];
  for (const object of options.objects) {
    const subject = subjectOf(object);
    try {
      const path = await locate(options, discovery, object, definitions);
      const outcome = await applyOne(options, path, object);
      results.push({ subject, outcome });
      if (object.kind === 'CustomResourceDefinition') {
        await established(options, path, object);
        definitions.add(groupOf(object));
      }
    } catch (error) {
      options.signal.throwIfAborted();
      throw notApplied(subject, error);
    }
  }
  return results;
}

async function applyOne(
  { client, signal }: ApplyOptions,
  path: string,
  object: KubeObject,
): Promise<Applied['outcome']> {
  const before = await client.get<KubeObject>(path, { signal }).catch((error: unknown) => {
    if (hasCode(error, 'kube-not-found')) return undefined;
    throw error;
  });
  const after = await client.patch<KubeObject>(path, { type: 'apply', body: object, force: true, signal });
  if (before === undefined) return 'created';
  return sameContent(before, after) ? 'unchanged' : 'changed';
}

/** Not by resourceVersion: controllers raise it by writing status. */
function sameContent(before: KubeObject, after: KubeObject): boolean {
  return isDeepStrictEqual(content(before), content(after));
}

function content(object: KubeObject): unknown {
  const { managedFields: _managed, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata;
  return { ...object, metadata, status: undefined };
}

async function locate(
  { signal, sleep = realSleep }: ApplyOptions,
  discovery: Discovery,
  object: KubeObject,
  definitions: ReadonlySet<string>,
): Promise<string> {
  const { apiVersion, kind, metadata } = object;
  for (let attempt = 1; ; attempt++) {
    try {
      const { resource, namespaced } = await discovery.resolve(apiVersion, kind, signal);
      const namespace = namespaced ? (metadata.namespace ?? 'default') : undefined;
      return resourcePath({ apiVersion, resource, namespace, name: metadata.name });
    } catch (error) {
      const coming = hasCode(error, 'kube-unknown-kind') && definitions.has(apiVersion.split('/')[0] ?? '');
      if (!coming || attempt >= NEW_KIND_ATTEMPTS) throw error;
      await sleep(backoffMs(attempt, NEW_KIND_BACKOFF), signal);
    }
  }
}

interface CustomResourceDefinition extends KubeObject {
  spec?: { group?: string };
  status?: { conditions?: { type: string; status: string }[] };
}

function groupOf(object: KubeObject): string {
  return (object as CustomResourceDefinition).spec?.group ?? '';
}

async function established(options: ApplyOptions, path: string, object: KubeObject): Promise<void> {
  const ms = options.establishedMs ?? ESTABLISHED_MS;
  const limit = deadline({ parent: options.signal, ms, reason: () => notEstablished(ms) });
  try {
    await untilEstablished({ ...options, signal: limit.signal }, path, object);
  } finally {
    limit.release();
  }
}

async function untilEstablished({ client, signal }: ApplyOptions, path: string, object: KubeObject): Promise<void> {
  const collection = path.slice(0, path.lastIndexOf('/'));
  const fieldSelector = `metadata.name=${object.metadata.name}`;
  for await (const event of watch<CustomResourceDefinition>({ client, path: collection, fieldSelector, signal })) {
    const [definition] = event.type === 'listed' ? event.items : [event.object];
    const is = (wanted: string, value: string): boolean =>
      definition?.status?.conditions?.some(({ type, status }) => type === wanted && status === value) ?? false;
    if (is('Established', 'True')) return;
    if (is('NamesAccepted', 'False')) {
      throw new DisklessError({ code: 'kube-conflict', message: 'another definition has taken its names' });
    }
  }
}

function notEstablished(ms: number): DisklessError {
  return new DisklessError({
    code: 'kube-not-established',
    message: `it was not Established within ${ms / 1000} s`,
    hint: 'its conditions say why: kubectl describe crd',
  });
}

function subjectOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function notApplied(subject: string, thrown: unknown): DisklessError {
  const cause = toDisklessError(thrown);
  const { code, exit, hint, detail } = cause;
  return new DisklessError({
    code,
    exit,
    message: `${subject} was not applied: ${cause.message}`,
    ...(hint !== undefined && { hint }),
    ...(detail !== undefined && { detail }),
    cause: thrown,
  });
}
