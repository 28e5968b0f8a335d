/** All that `doctor` looks at, in the order in which a person reads it. */
export const CHECKS = [
  {
    id: 'nodes',
    asks: 'every node answers, is Ready in this boot, runs its units, and its kernel is as it was set',
    reason: 'a node that is none of this runs no pods, or runs pods that nobody reaches',
    remedy: 'k8s-diskless up mends what is there; a machine that does not answer has to be switched on first',
  },
  {
    id: 'api',
    asks: 'every kube-apiserver is ready and listed, every kubelet is reached from it, controllers have a leader',
    reason: 'nothing of the cluster changes without these, and no logs are read',
    remedy: 'k8s-diskless up; k8s-diskless logs NODE kube-apiserver tells why one is not ready',
  },
  {
    id: 'etcd-members',
    asks: 'etcd has a quorum, and every member answers and has a vote',
    reason: 'each member that is missing is one loss fewer that the cluster’s data outlives',
    remedy: 'k8s-diskless up starts and rejoins members; k8s-diskless logs NODE etcd tells what one says',
  },
  {
    id: 'etcd-alarms',
    asks: 'no member of etcd raises an alarm',
    reason: 'with an alarm for space etcd refuses every write, with one for corruption its members differ',
    remedy: 'for NOSPACE delete what fills it, compact and defragment, then etcdctl alarm disarm',
  },
  {
    id: 'certificates',
    asks: 'no certificate ends soon',
    reason: 'a component whose certificate has ended is believed by nobody',
    remedy: 'k8s-diskless up renews certificates of nodes, k8s-diskless pki renew those of authorities',
  },
  {
    id: 'clock',
    asks: 'the clocks of nodes agree with the operator’s',
    reason: 'certificates and leases are valid by the clock of whoever looks at them',
    remedy: 'look at timedatectl on both; k8s-diskless up sets a clock that is far off and that no time service keeps',
  },
  {
    id: 'versions',
    asks: 'all components run in the version of the cluster',
    reason: 'components that are too far apart are not made to work together',
    remedy: 'k8s-diskless up brings what is recorded to every node',
  },
  {
    id: 'resources',
    asks: 'nodes have memory, space and inodes left, and no kubelet is under pressure',
    reason: 'RAM is the disk here: when it is full, pods are evicted and etcd ends',
    remedy: 'delete images and pods that nobody needs, or give the machine more RAM',
  },
  {
    id: 'node-ways',
    asks: 'processes of nodes reach the API by both addresses, the cluster DNS and the pod networks of others',
    reason: 'these are the ways of kubelets and kube-proxies, and those that pods’ traffic takes',
    remedy: 'k8s-diskless up puts back what is missing; else a firewall or a switch between the two drops packets',
  },
  {
    id: 'pods-start',
    asks: 'a pod starts on every node',
    reason: 'nothing can be said of traffic between pods where there are none',
    remedy: 'k8s-diskless logs NODE kubelet (and containerd) tells why',
  },
  {
    id: 'pod-to-pod',
    asks: 'pods reach each other, for all pairs of nodes and within each',
    reason: 'Kubernetes promises that every pod reaches every other one by its address',
    remedy: 'k8s-diskless up puts routes and tunnels back; else a firewall between the two nodes drops packets of pods',
  },
  {
    id: 'large-packets',
    asks: 'packets as large as a pod’s link takes arrive in one piece',
    reason: 'where they do not, small requests work and large answers hang',
    remedy: 'set network.mtu to what the path between the two nodes carries, less 50 bytes with network.mode vxlan',
  },
  {
    id: 'hairpin',
    asks: 'a pod reaches itself by its own service',
    reason: 'a service with one pod behind it is otherwise not there for this pod',
    remedy: 'the bridge needs hairpin mode: k8s-diskless up writes its CNI configuration again, for pods made after it',
  },
  {
    id: 'services',
    asks: 'pods and processes of every node reach services by their cluster addresses',
    reason: 'rules of kube-proxy lead there, and each node has its own',
    remedy: 'k8s-diskless logs NODE kube-proxy; k8s-diskless up starts it again',
  },
  {
    id: 'node-ports',
    asks: 'pods and processes of every node reach services at the ports of every node',
    reason: 'whoever comes from outside comes in there',
    remedy:
      'k8s-diskless logs NODE kube-proxy, of the node that is asked; or a firewall closes its ports 30000 to 32767',
  },
  {
    id: 'dns',
    asks: 'the cluster DNS answers pods of every node for names of services',
    reason: 'hardly a program knows services by their addresses',
    remedy: 'k8s-diskless kubectl -- -n kube-system get deployment,pods -l k8s-app=kube-dns shows whether it runs',
  },
  {
    id: 'dns-outside',
    asks: 'the cluster DNS answers pods of every node for a name outside of the cluster',
    reason: 'it passes such questions on to the name servers of the nodes that it runs on',
    remedy: 'look whether the name servers in the nodes’ /etc/resolv.conf answer',
  },
  {
    id: 'webhooks',
    asks: 'every kube-apiserver reaches a webhook in a pod, by its service',
    reason: 'where one does not, each request that a webhook has to admit is refused or hangs',
    remedy: 'what fails above from that control plane fails here too; else look at its kube-proxy',
  },
] as const satisfies readonly Check[];

export interface Check {
  id: string;
  /** What is looked at, as a statement that holds where all is well. */
  asks: string;
  /** Why that matters. */
  reason: string;
  /** What a person can do where it does not hold. */
  remedy: string;
}

export type CheckId = (typeof CHECKS)[number]['id'];
