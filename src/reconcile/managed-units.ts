/** Every unit we may own on a node; facts report their state. */
export const MANAGED_UNITS: readonly string[] = [
  'k8s-diskless-node.service',
  'k8s-diskless-api.service',
  'containerd.service',
  'etcd.service',
  'kube-apiserver.service',
  'kube-controller-manager.service',
  'kube-scheduler.service',
  'kubelet.service',
  'kube-proxy.service',
];

/** Those that hold something of the cluster's objects: data, watches, tokens, pods. */
export const UNITS_OF_AN_INCARNATION: readonly string[] = [
  'kubelet.service',
  'kube-proxy.service',
  'kube-controller-manager.service',
  'kube-scheduler.service',
  'kube-apiserver.service',
  'etcd.service',
];
