import type { ComponentOutput } from '../node/desired.js';
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

/*
 * In the order their files travel and they start: what is waited for longest comes first. On a control plane that is
 * etcd and kube-apiserver.
 */

const WORKER: readonly Component[] = [node, apiProxy, containerd, kubelet, kubeProxy];

const CONTROL_PLANE: readonly Component[] = [
  node,
  apiProxy,
  etcd,
  kubeApiServer,
  containerd,
  kubelet,
  kubeControllerManager,
  kubeScheduler,
  kubeProxy,
];

/** Everything but PKI and images that a node should hold. */
export function componentsFor(context: ComponentContext): ComponentOutput[] {
  return componentsOf(context).map((component) => component(context));
}

function componentsOf({ node: { role } }: ComponentContext): readonly Component[] {
  return role === 'worker' ? WORKER : CONTROL_PLANE;
}
