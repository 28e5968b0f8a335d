/* Values as an apiserver stores them, made by hand. */

export interface SampleObject {
  apiVersion?: string;
  kind: string;
  namespace?: string;
  name: string;
  /** Bytes beside the metadata. */
  padding?: number;
}

export const uidOf = (name: string): string => `uid-of-${name}`;

/** runtime.Unknown with an object whose first field is its metadata. */
export function protobufObject({ apiVersion = 'v1', kind, namespace, name, padding = 100 }: SampleObject): Buffer {
  const meta = [field(1, name), ...(namespace === undefined ? [] : [field(3, namespace)]), field(5, uidOf(name))];
  const raw = [field(1, Buffer.concat(meta)), field(2, field(1, '.'.repeat(padding)))];
  const unknown = [field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])), field(2, Buffer.concat(raw))];
  return Buffer.concat([Buffer.from('k8s\0'), ...unknown, field(3, ''), field(4, '')]);
}

export function jsonObject({ apiVersion = 'v1', kind, namespace, name }: SampleObject): Buffer {
  return Buffer.from(JSON.stringify({ apiVersion, kind, metadata: { name, namespace, uid: uidOf(name) } }));
}

export function encrypted(provider: string, key: string): Buffer {
  return Buffer.concat([Buffer.from(`k8s:enc:${provider}:v1:${key}:`), Buffer.from('00ff3a107b22', 'hex')]);
}

/** A field that has a length. */
export function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
