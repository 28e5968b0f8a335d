import type { ProcessIdentity } from './process-identity.js';

const TAG = /^(\d+)~([^~]*)~([^~]*)~([^~]*)~([^~]+)$/;

/*
 * Start times of `ps` hold spaces and colons, host names dots: everything goes through encodeURIComponent, which leaves
 * those of Linux as they are.
 */

/** A process's whole identity, as a part of file names: `pid~start~boot~namespace~host`. */
export function identityTag({ pid, start, boot, namespace, host }: ProcessIdentity): string {
  return [pid, start, boot, namespace, host].map((part) => encodeURIComponent(part).replaceAll('~', '%7E')).join('~');
}

export function parseIdentityTag(tag: string): ProcessIdentity | undefined {
  const parts = TAG.exec(tag)?.slice(1).map(decodeURIComponent);
  if (parts === undefined) return undefined;
  const [pid = '', start = '', boot = '', namespace = '', host = ''] = parts;
  return { pid: Number(pid), start, boot, namespace, host };
}
