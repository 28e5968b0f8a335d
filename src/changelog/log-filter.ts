import { HOLDER_KEYS, HOLDER_PREFIXES } from '../etcd/holder-keys.js';
import type { KeyChange } from '../etcd/key-values.js';
import type { WatchEvent } from '../etcd/watch-messages.js';

/** What comes and goes by itself, and would be worth nothing after a restore. */
const PASSING: readonly string[] = [...HOLDER_PREFIXES, '/registry/events/', '/registry/leases/kube-node-lease/'];

const PASSING_KEYS: ReadonlySet<string> = new Set([
  ...HOLDER_KEYS,
  // By it apiservers agree on who compacts.
  'compact_rev_key',
]);

/** Whether changes of a key are kept at all. Other Leases are: of what they are of is theirs to know. */
export const isLasting = (key: string): boolean =>
  !PASSING_KEYS.has(key) && !PASSING.some((prefix) => key.startsWith(prefix));

/**
 * What the log keeps of a change; undefined: nothing. What has an etcd lease would return for ever, since its lease does
 * not: the key is gone, whatever stood under it before.
 */
export function keptOf({ kind, key, value, lease }: WatchEvent): KeyChange | undefined {
  if (!isLasting(key)) return undefined;
  return kind === 'delete' || lease !== '0' ? { kind: 'delete', key } : { kind: 'put', key, value };
}
