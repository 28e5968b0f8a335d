/**
 * Keys that name who runs at the moment: addresses of apiservers, by which pods would find dead ones, and leases that
 * leaders hold, which the next ones would wait out. They must come back with no past, and no log keeps them.
 */
export const HOLDER_PREFIXES: readonly string[] = [
  '/registry/masterleases/',
  '/registry/leases/kube-system/apiserver-',
];

/** Likewise, one key each. */
export const HOLDER_KEYS: readonly string[] = [
  '/registry/leases/kube-system/kube-controller-manager',
  '/registry/leases/kube-system/kube-scheduler',
];
