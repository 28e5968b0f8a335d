/** The few Kubernetes types this program reads, as far as it reads them (k8s.io/api). */

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { kind: string; name: string; controller?: boolean }[];
  managedFields?: unknown[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface KubeList<T> {
  metadata: { resourceVersion: string };
  items: T[];
}

/** metav1.Status: every refusal of the API server is one. */
export interface Status {
  kind: 'Status';
  status?: string;
  message?: string;
  /** Machine-readable cause, e.g. `AlreadyExists`. */
  reason?: string;
  code?: number;
  details?: { retryAfterSeconds?: number; causes?: { reason?: string; message?: string; field?: string }[] };
}

export interface Taint {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  timeAdded?: string;
}

export interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface NodeAddress {
  type: string;
  address: string;
}

export interface KubeNode extends KubeObject {
  spec: { podCIDR?: string; podCIDRs?: string[]; taints?: Taint[]; unschedulable?: boolean };
  status?: {
    capacity?: Record<string, string>;
    allocatable?: Record<string, string>;
    conditions?: Condition[];
    nodeInfo?: { bootID: string; kubeletVersion: string; containerRuntimeVersion?: string };
    addresses?: NodeAddress[];
  };
}

interface Container {
  resources?: { requests?: Record<string, string> };
  /** `Always` makes an init container a sidecar. */
  restartPolicy?: string;
}

export interface KubePod extends KubeObject {
  spec: {
    nodeName?: string;
    priority?: number;
    containers?: Container[];
    initContainers?: Container[];
    overhead?: Record<string, string>;
  };
  status?: {
    phase?: string;
    conditions?: Condition[];
    nominatedNodeName?: string;
    containerStatuses?: { state?: { waiting?: { reason?: string; message?: string } } }[];
  };
}

/** metav1.LabelSelector: all of it has to hold. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface DisruptionBudget extends KubeObject {
  spec: { selector?: LabelSelector; unhealthyPodEvictionPolicy?: string };
  status?: { disruptionsAllowed?: number; expectedPods?: number; currentHealthy?: number; desiredHealthy?: number };
}

export interface Endpoints extends KubeObject {
  subsets?: { addresses?: { ip: string }[]; notReadyAddresses?: { ip: string }[] }[];
}

export interface Lease extends KubeObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; renewTime?: string };
}
