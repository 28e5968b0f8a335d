/** One row per Kubernetes minor: what is run beside it by default, and which switches its binaries need. */
export interface VersionRow {
  /** e.g. 20 for 1.20. */
  minor: number;
  /** Newest patch release known, the default of this minor. */
  kubernetes: string;
  /** Newest suitable etcd, CNI plugins release, CoreDNS image tag and pause image tag. */
  etcd: string;
  cni: string;
  coredns: string;
  pause: string;
}
