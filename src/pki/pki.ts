import type { Foundation } from './foundation.js';
import type { Leaf } from './leaf.js';
import type { PkiProfiles } from './profile-schema.js';

/** Everything the cluster's files are made from; holds private keys. */
export interface Pki extends Foundation {
  profiles: PkiProfiles;
  /** By name: `profile`, or `profile@node`. */
  leaves: ReadonlyMap<string, Leaf>;
}

/** @throws TypeError when that leaf was never ensured: a mistake of ours. */
export function requireLeaf(leaves: Pki['leaves'], name: string): Leaf {
  const leaf = leaves.get(name);
  if (!leaf) throw new TypeError(`no certificate ${name} was issued`);
  return leaf;
}
