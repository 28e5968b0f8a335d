/** 64-bit IDs travel as decimal strings: a JavaScript number would silently lose their last digits. */
export type MemberId = string;

/** As etcdctl and etcd's logs print it. */
export function hexId(id: MemberId): string {
  return BigInt(id).toString(16);
}
