/** Where things live on a node; never below /usr, which CoreOS mounts read-only. PKI profiles in pki/ use the same paths. */
export const PATHS = {
  bin: '/opt/bin',
  cniBin: '/opt/cni/bin',
  /** Where any program leaves its configuration of CNI. */
  cniConf: '/etc/cni/net.d',
  /** Ours alone. */
  ownCniConf: '/etc/cni/k8s-diskless',
  kubernetes: '/etc/kubernetes',
  pki: '/etc/kubernetes/pki',
  units: '/etc/systemd/system',
  etcdData: '/var/lib/etcd',
  /** Where it is made out of a snapshot: inside it, so that what is moved into its place is never copied. */
  etcdRestore: '/var/lib/etcd/restore',
  kubeletRoot: '/var/lib/kubelet',
  /** Marker directory of the current boot epoch: cluster id, what was installed. */
  marker: '/run/k8s-diskless',
  /** Where a snapshot is tried: in RAM, outside of etcd's own directory. */
  trySnapshot: '/run/k8s-diskless-try',
  /** Staging area for incoming files, on the root filesystem so that a rename is enough. */
  staging: '/opt/.k8s-diskless',
  /** Image archives on their way into containerd. */
  images: '/opt/.k8s-diskless-images',
} as const;
