import { identify, livenessOf } from '../state/process-identity.js';
import { identityTag, parseIdentityTag } from '../state/process-tag.js';

let own: Promise<string> | undefined;

/** Marks a file under way as this process's. */
export function ownerTag(): Promise<string> {
  own ??= identify(process.pid).then(identityTag);
  return own;
}

/** Whether the process that tag names is gone; of those of other hosts and containers nothing can be said. */
export async function isAbandoned(tag: string): Promise<boolean> {
  const identity = parseIdentityTag(tag);
  return identity !== undefined && (await livenessOf(identity)) === 'dead';
}
