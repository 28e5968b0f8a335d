import type { ClusterSpec, Role } from '../config/spec.js';
import { versionRow } from '../config/version-table.js';
import type { ComponentId, ComponentOutput } from '../node/desired.js';
import { apiProxy } from './api-proxy.js';
import { containerd } from './containerd.js';
import type { Component, ComponentContext } from './context.js';
import { etcd } from './etcd.js';
import { kubeApiServer } from './kube-apiserver.js';
import { kubeControllerManager } from './kube-controller-manager.js';
import { kubeProxy } from './kube-proxy.js';
import { kubeScheduler } from './kube-scheduler.js';
import { kubelet } from './kubelet.js';
import { node } from './node.js';

/** What runs on nodes: each component once. */
export interface RosterEntry {
  id: ComponentId;
  /** systemd unit that is the component. */
  unit: string;
  /** What it does there, for people. */
  what: string;
  on: 'every-node' | 'control-plane';
  /** It holds something of the cluster's objects: data, watches, tokens, pods. */
  holdsObjects: boolean;
  /** Its files and its unit. */
  render: Component;
}

/**
 * In the order their files travel and they start: what is waited for longest comes first. On a control plane that is
 * etcd and kube-apiserver.
 */
export const ROSTER: readonly RosterEntry[] = [
  {
    id: 'node',
    unit: 'k8s-diskless-node.service',
    what: 'kernel settings and the pod network',
    on: 'every-node',
    holdsObjects: false,
    render: node,
  },
  {
    id: 'api-proxy',
    unit: 'k8s-diskless-api.service',
    what: 'the way to a living kube-apiserver',
    on: 'every-node',
    holdsObjects: false,
    render: apiProxy,
  },
  {
    id: 'etcd',
    unit: 'etcd.service',
    what: 'the cluster’s objects',
    on: 'control-plane',
    holdsObjects: true,
    render: etcd,
  },
  {
    id: 'kube-apiserver',
    unit: 'kube-apiserver.service',
    what: 'the API',
    on: 'control-plane',
    holdsObjects: true,
    render: kubeApiServer,
  },
  {
    id: 'containerd',
    unit: 'containerd.service',
    what: 'containers and images',
    on: 'every-node',
    holdsObjects: false,
    render: containerd,
  },
  {
    id: 'kubelet',
    unit: 'kubelet.service',
    what: 'pods',
    on: 'every-node',
    holdsObjects: true,
    render: kubelet,
  },
  {
    id: 'kube-controller-manager',
    unit: 'kube-controller-manager.service',
    what: 'controllers',
    on: 'control-plane',
    holdsObjects: true,
    render: kubeControllerManager,
  },
  {
    id: 'kube-scheduler',
    unit: 'kube-scheduler.service',
    what: 'which node a pod runs on',
    on: 'control-plane',
    holdsObjects: true,
    render: kubeScheduler,
  },
  {
    id: 'kube-proxy',
    unit: 'kube-proxy.service',
    what: 'services',
    on: 'every-node',
    holdsObjects: true,
    render: kubeProxy,
  },
];

/** Those of a node of this role. */
export function rosterOf(role: Role): readonly RosterEntry[] {
  return ROSTER.filter(({ on }) => on === 'every-node' || on === role);
}

/**
 * Everything but PKI and images that a node should hold.
 *
 * @param specOf in the middle of an upgrade the versions of some components are others
 */
export function componentsFor(
  context: ComponentContext,
  specOf: (id: ComponentId) => ClusterSpec = () => context.spec,
): ComponentOutput[] {
  return rosterOf(context.node.role).map(({ id, render }) => {
    const spec = specOf(id);
    return render({ ...context, spec, version: versionRow(spec.kubernetes) });
  });
}

/** Every unit we may own on a node; facts report their state. */
export const MANAGED_UNITS: readonly string[] = ROSTER.map(({ unit }) => unit);

/** Those to be stopped where the objects that they know of are no more. */
export const UNITS_OF_AN_INCARNATION: readonly string[] = ROSTER.flatMap(({ unit, holdsObjects }) =>
  holdsObjects ? [unit] : [],
).toReversed();
