/** One key's last value, or that it is gone; the key byte for byte as Latin-1. */
export type KeyChange = { kind: 'put'; key: string; value: Buffer } | { kind: 'delete'; key: string };

/** Of a page of keys. */
export interface KeysPage {
  /** In their order, byte for byte as Latin-1. */
  keys: string[];
  /** There are more behind the last one. */
  more: boolean;
}

/** As the JSON gateway answers a range. */
export interface RawRange {
  kvs?: { key: string; value?: string }[];
  more?: boolean;
}

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

/** Everything that begins so. @param prefix Latin-1, not empty */
export function prefixRange(prefix: string): { key: string; range_end: string } {
  const end = Buffer.from(prefix, 'latin1');
  end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1);
  return { key: base64(prefix), range_end: end.toString('base64') };
}

export const keyOf = (key: string): { key: string } => ({ key: base64(key) });

/** Keys that begin so, without their values, behind the one that was the last of the page before. */
export function keysRange(prefix: string, after: string | undefined, limit: number): object {
  const range = prefixRange(prefix);
  const from = after === undefined ? {} : { key: base64(`${after}\0`) };
  return { ...range, ...from, limit: String(limit), keys_only: true };
}

export function keysPage({ kvs = [], more = false }: RawRange): KeysPage {
  return { keys: kvs.map(({ key }) => Buffer.from(key, 'base64').toString('latin1')), more };
}

/** All of them or none. */
export function transaction(changes: readonly KeyChange[]): object {
  const success = changes.map((change) =>
    change.kind === 'put'
      ? { request_put: { key: base64(change.key), value: change.value.toString('base64') } }
      : { request_delete_range: { key: base64(change.key) } },
  );
  return { success };
}
