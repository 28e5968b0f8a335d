import type { TlsIdentity } from '../../src/http/secure-stream.js';

/** What is written to etcd, each kind so often and of such a size. */
export interface Kind {
  /** Of many objects in turns where `objects` is more than 1. */
  key: string;
  objects: number;
  perSecond: number;
  bytes: number;
}

export interface Load {
  nodes: number;
  /** As the standard preset of `bench` starts them. */
  podsPerSecond: number;
}

export interface ChurnOrder {
  load: Load;
  ports: number[];
  tls: TlsIdentity;
}

export interface ChurnReport {
  /** Of all kinds, acknowledged. */
  writes: number;
  /** Value of the counter less 1 → when it was acknowledged, milliseconds since the epoch. */
  acknowledged: number[];
}

export const COUNTER = '/registry/configmaps/default/counter';
/** Writes of one pod from its creation until it is gone, status updates included, and events about it. */
const PER_POD = { writes: 16, events: 10 };
const CONTROL_PLANES = 3;

/** As the apiservers' defaults have it: a node's Lease every 10 s, its status every 5 min or when it changes, leaders every 2 s. */
export function churnOf({ nodes, podsPerSecond }: Load): Kind[] {
  const lease = 870;
  return [
    { key: '/registry/leases/kube-node-lease/s', objects: nodes, perSecond: nodes / 10, bytes: lease },
    { key: '/registry/minions/s', objects: nodes, perSecond: nodes / 300, bytes: 15_000 },
    { key: '/registry/leases/kube-system/kube-controller-manager', objects: 1, perSecond: 0.5, bytes: lease },
    { key: '/registry/leases/kube-system/kube-scheduler', objects: 1, perSecond: 0.5, bytes: lease },
    { key: '/registry/leases/kube-system/apiserver-', objects: 3, perSecond: CONTROL_PLANES / 10, bytes: lease },
    { key: '/registry/masterleases/10.0.0.', objects: 3, perSecond: CONTROL_PLANES / 10, bytes: 150 },
    { key: '/registry/pods/bench/pod-', objects: 200, perSecond: podsPerSecond * PER_POD.writes, bytes: 4_000 },
    { key: '/registry/events/bench/pod-', objects: 2_000, perSecond: podsPerSecond * PER_POD.events, bytes: 900 },
  ];
}
