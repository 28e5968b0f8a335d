/** One Kubernetes version that was brought up on the lab, and what was seen to work. */
export interface VersionRecord {
  kubernetes: string;
  etcd: string;
  cni: string;
  coredns: string;
  containerd: string;
  /** Numbers of control planes of the clusters that were brought up. */
  controlPlanes: number[];
  /** In words, in the order in which they were done. */
  shown: string[];
  /** ISO 8601, day. */
  ran: string;
  commit: string;
}
