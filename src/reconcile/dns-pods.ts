import type { Toleration } from '../kube/objects.js';

/** The pods of the DNS add-on, as its Deployment has them. */
export interface DnsPods {
  namespace: string;
  labels: Record<string, string>;
  replicas: number;
  tolerations: readonly Toleration[];
}

/** What became of them. */
export interface DnsState {
  /** One of them is ready. */
  answers: boolean;
  /** They have their nodes, and none became ready. */
  fails: boolean;
}
