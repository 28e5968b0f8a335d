/**
 * A Docker archive's short name as containerd stores it on import: `busybox` → `docker.io/library/busybox:latest`
 * (distribution/reference, "familiar" names).
 */
export function normalizeReference(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const hasDomain = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const full = hasDomain ? name : `docker.io/${rest.length > 0 ? '' : 'library/'}${name}`;
  const last = full.slice(full.lastIndexOf('/') + 1);
  return /[:@]/.test(last) ? full : `${full}:latest`;
}

/** What makes an OCI ref.name a whole reference rather than a bare tag: containerd's own rule (archive/reference.go). */
export function isWholeReference(refName: string): boolean {
  return /[/:@]/.test(refName);
}
