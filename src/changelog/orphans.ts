import type { EtcdGateway } from '../etcd/gateway.js';
import { namespaceOf } from '../etcd-file/kubernetes-key.js';
import { inBatches } from './last-changes.js';

const REGISTRY = '/registry/';
const NAMESPACES = '/registry/namespaces/';
/** Without their values: some hundred kilobytes. */
const PAGE = 5_000;

/**
 * Deletes objects in namespaces that do not exist: nobody would ever do it, since that is done with a namespace. How many.
 * Without any namespace there are no objects, and nothing is judged.
 */
export async function dropOrphans(etcd: EtcdGateway, signal: AbortSignal): Promise<number> {
  const namespaces = new Set<string>();
  for await (const key of keysOf(etcd, NAMESPACES, signal)) namespaces.add(key.slice(NAMESPACES.length));
  if (namespaces.size === 0) return 0;
  const orphans: string[] = [];
  for await (const key of keysOf(etcd, REGISTRY, signal)) {
    const namespace = namespaceOf(key);
    if (namespace !== undefined && !namespaces.has(namespace)) orphans.push(key);
  }
  for (const batch of inBatches(orphans.map((key) => ({ kind: 'delete', key })))) await etcd.write(batch, { signal });
  return orphans.length;
}

async function* keysOf(etcd: EtcdGateway, prefix: string, signal: AbortSignal): AsyncGenerator<string> {
  let after: string | undefined;
  for (;;) {
    const { keys, more } = await etcd.keysOf(prefix, { after, limit: PAGE }, { signal });
    yield* keys;
    after = keys.at(-1);
    if (!more || after === undefined) return;
  }
}
