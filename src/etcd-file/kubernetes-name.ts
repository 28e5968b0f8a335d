import { ProtobufReader } from '../etcd/protobuf.js';

/** Who an object is, by its own word. A field that it does not have is empty. */
export interface KubernetesName {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
}

const ENVELOPE = Buffer.from('k8s\0');
const BRACE = '{'.charCodeAt(0);
/** runtime.Unknown. */
const UNKNOWN = { typeMeta: 1, raw: 2 } as const;
const TYPE_META = { apiVersion: 1, kind: 2 } as const;
/** The first field of every kind of Kubernetes' own. */
const OBJECT_META = 1;
const META = { name: 1, namespace: 3, uid: 5 } as const;

/** Of a value as an apiserver stores it: protobuf, or JSON for custom resources. Undefined: neither, as when encrypted. */
export function kubernetesName(value: Buffer): KubernetesName | undefined {
  const found = value[0] === BRACE ? fromJson(value) : fromEnvelope(value);
  return found === undefined || found.name === '' ? undefined : found;
}

function fromEnvelope(value: Buffer): KubernetesName | undefined {
  if (!value.subarray(0, ENVELOPE.length).equals(ENVELOPE)) return undefined;
  const unknown = messages(value.subarray(ENVELOPE.length));
  const type = messages(unknown?.get(UNKNOWN.typeMeta));
  const meta = messages(messages(unknown?.get(UNKNOWN.raw))?.get(OBJECT_META));
  if (type === undefined || meta === undefined) return undefined;
  const text = (from: ReadonlyMap<number, Buffer>, field: number): string => from.get(field)?.toString('utf8') ?? '';
  return {
    apiVersion: text(type, TYPE_META.apiVersion),
    kind: text(type, TYPE_META.kind),
    namespace: text(meta, META.namespace),
    name: text(meta, META.name),
    uid: text(meta, META.uid),
  };
}

/** The fields of a message that are bytes, by number; of a repeated one the first. Undefined: no message. */
function messages(bytes: Buffer | undefined): ReadonlyMap<number, Buffer> | undefined {
  if (bytes === undefined) return undefined;
  const found = new Map<number, Buffer>();
  const fields = new ProtobufReader(bytes);
  while (fields.next()) if (fields.isBytes && !found.has(fields.field)) found.set(fields.field, fields.content());
  return fields.ok ? found : undefined;
}

function fromJson(value: Buffer): KubernetesName | undefined {
  const object = asRecord(parsed(value));
  const metadata = asRecord(object?.metadata);
  if (object === undefined || metadata === undefined) return undefined;
  const text = (thing: unknown): string => (typeof thing === 'string' ? thing : '');
  return {
    apiVersion: text(object.apiVersion),
    kind: text(object.kind),
    namespace: text(metadata.namespace),
    name: text(metadata.name),
    uid: text(metadata.uid),
  };
}

function parsed(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    return undefined;
  }
}

const asRecord = (thing: unknown): Record<string, unknown> | undefined =>
  typeof thing === 'object' && thing !== null ? (thing as Record<string, unknown>) : undefined;
